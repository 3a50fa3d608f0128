import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { databaseTargetFromUrl, type ServerRole } from '../../src/config.ts'
import { openDatabase, type Database } from '../../src/db/database.ts'
import { migrate } from '../../src/db/migrate.ts'
import { startBalancer, type Balancer } from '../support/balancer.ts'
import { assertBooksBalance } from '../support/books.ts'
import { createEmptyDatabase, onSqlite } from '../support/database.ts'
import { testDeps } from '../support/deps.ts'
import { factories } from '../support/factories.ts'
import { closeLiveClients, liveClient } from '../support/live-client.ts'
import { hasRedis, privateRedis } from '../support/private-redis.ts'
import { http, killLeftovers, runCommand, startServer, type Server } from '../support/servers.ts'
import { until } from '../support/until.ts'
import { assertPaidFor, calm, endHolds } from './selling-after.ts'

const isLong = process.env['KARCIS_FAULTS'] === 'long'
const crowd_size = isLong ? 8 : 4
const rounds = isLong ? 3 : 1
const park: readonly ServerRole[] = ['api', 'api', 'worker', 'payments', 'live']
/** From the end of its port to the end of what it has been asked. */
const cut_off_ms_max = 3_000

const balancers: Balancer[] = []
after(() => {
  closeLiveClients()
  killLeftovers()
  for (const { close } of balancers) close()
})

/** Somebody who looks on at an event, comes back whenever they are cut off, and says what they saw last. */
function startOnlooker(url: string, event_id: number) {
  const end = new AbortController()
  const told = { came: 0, seats: -1, seqs: [] as number[] }
  const look = async () => {
    const client = await liveClient(url)
    told.came++
    const after = told.seqs.at(-1)
    client.say({ type: 'subscribe', channel: `event:${event_id}`, ...(after !== undefined && { after }) })
    client.socket.on('message', () => {
      const message = client.heard.at(-1)
      if (message.seq !== undefined) told.seqs.push(message.seq as number)
      if (message.type === 'event') told.seats = message.data.event.available_seat as number
    })
    end.signal.addEventListener('abort', () => client.close())
    if (end.signal.aborted) client.close()
    await client.closed
  }
  const done = (async () => {
    while (!end.signal.aborted) {
      await look().catch(() => {})
      await sleep(100)
    }
  })()
  return {
    told,
    async stop() {
      end.abort()
      await done
    },
  }
}

type Place = { role: ServerRole; server: Server }

/** Customers who book, pay, come to the door or change their mind; whatever breaks is sent again under its key. */
function startCustomers(url: string, orders: readonly object[]) {
  const end = new AbortController()
  const booked = new Set<number>()
  const used = new Set<number>()
  /** Whose tickets take a moment yet. */
  const paid: number[] = []
  /** Of answers that nobody should have got: there is always a server that could have given a better one. */
  const failures: string[] = []
  const told = { booked: 0, paid: 0, used: 0, cancelled: 0, repeated: 0 }

  /** Again until it is answered; 502 is a server that was killed under it. */
  async function call(method: string, path: string, body: unknown, expected: readonly number[], key?: string) {
    for (;;) {
      const headers: Record<string, string> = key === undefined ? {} : { 'idempotency-key': key }
      const answer = await http(method, url + path, body, headers).catch(() => ({ status: 502, body: null }))
      // The one before it may have got through and be under way still.
      const isRepeated =
        answer.status === 502 || (answer.status === 409 && answer.body.code === 'idempotency_key_in_use')
      if (isRepeated) {
        told.repeated++
        await sleep(50)
        continue
      }
      if (!expected.includes(answer.status))
        failures.push(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
      return answer
    }
  }

  async function pay(page: string, action: string): Promise<boolean> {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    for (;;) {
      const { status } = await fetch(url + page, {
        method: 'POST',
        headers,
        body: `action=${action}`,
        redirect: 'manual',
      })
      if (status !== 502) {
        if (status !== 303) failures.push(`POST ${page}: ${status}`)
        return status === 303
      }
      await sleep(50)
    }
  }

  async function buy(turn: number): Promise<void> {
    const order = { ...orders[turn % orders.length]!, quantity: 1 + (turn % 2) }
    const { status, body: booking } = await call('POST', '/api/v2/bookings', order, [201, 409], randomUUID())
    if (status !== 201) return
    assert.equal(booked.has(booking.id as number), false, 'nobody is given what another one has')
    booked.add(booking.id as number)
    told.booked++
    const opened = await call('POST', `/api/v2/bookings/${booking.id}/payments`, {}, [201, 409], randomUUID())
    // One in six leaves it at that, and the hold ends.
    if (opened.status !== 201 || turn % 6 === 0) return
    if (!(await pay(new URL(opened.body.pay_url as string).pathname, turn % 7 === 6 ? 'decline' : 'pay'))) return
    told.paid++
    if (turn % 4 === 3) {
      const cancelled = await call('POST', `/api/v2/bookings/${booking.id}/cancellation`, {}, [200, 409], randomUUID())
      if (cancelled.status === 200) told.cancelled++
      return
    }
    paid.push(booking.id as number)
    if (paid.length > crowd_size) await enter(paid.shift()!)
  }

  async function enter(booking_id: number): Promise<void> {
    const { body } = await call('GET', `/api/v2/bookings/${booking_id}/tickets`, undefined, [200])
    for (const { id } of body.items as { id: number }[]) {
      // 400: by the one that was cut off.
      const { status } = await call('PUT', `/tickets/${id}/use`, undefined, [200, 400, 409])
      if (status === 200) used.add(id)
    }
    told.used = used.size
  }

  const one = async (n: number) => {
    for (let turn = n; !end.signal.aborted; turn += crowd_size) {
      await buy(turn)
      await sleep(isLong ? 20 : 100)
    }
  }
  const all = Promise.all(Array.from({ length: crowd_size }, (_, n) => one(n)))
  return {
    told,
    booked,
    used,
    failures,
    async stop() {
      end.abort()
      await all
    },
  }
}

const skip = onSqlite ? 'processes on several machines share no file' : !hasRedis && 'redis-server is not installed'

test('roles under load, killed, without Redis, restarted: only who was being answered notices', { skip }, async (t) => {
  const { url: databaseUrl, drop } = await createEmptyDatabase()
  const database = await openDatabase(databaseTargetFromUrl(databaseUrl), 3)
  await migrate(database)
  const { aCustomer, anEvent } = factories(testDeps(database))
  const customer_id = (await aCustomer()).id
  const events = [await anEvent({ capacity: 100_000 }), await anEvent({ capacity: 60 })]
  const redis = await privateRedis()
  await redis.start()
  const balancer = await startBalancer()
  balancers.push(balancer)

  const env = {
    SANDBOX_PAYMENTS: 'on',
    PUBLIC_URL: balancer.url,
    REDIS_URL: redis.url,
    // Counted, and by Redis, but nobody is ever refused.
    RATE_LIMIT: 'on',
    ...Object.fromEntries(
      ['LOGIN', 'BOOKING', 'DOOR', 'READ', 'WRITE'].map((name) => [`RATE_LIMIT_${name}`, '999999/60']),
    ),
    DB_POOL_SIZE: '5',
    DRAIN_MS: '800',
  }
  const start = async (role: ServerRole): Promise<Server> => {
    const server = await startServer(databaseUrl, { ...env, ROLES: role })
    balancer.add(role, server.url)
    return server
  }
  const places: Place[] = await Promise.all(park.map(async (role) => ({ role, server: await start(role) })))
  const customers = startCustomers(
    balancer.url,
    events.map(({ id }) => ({ customer_id, event_id: id })),
  )
  const onlookers = [1, 2].map(() => startOnlooker(balancer.url, events[0]!.id))
  const kills: { url: string; at: number }[] = []

  for (let round = 0; round < rounds; round++) {
    // Each in its turn, and none waits until the one before it is back.
    const back: Promise<void>[] = []
    // In the short form, one of each role.
    const victims = isLong ? places : places.slice(1)
    for (const place of victims.toSorted(() => Math.random() - 0.5)) {
      await sleep(150 + Math.random() * 300)
      const { url } = place.server
      kills.push({ url, at: Date.now() })
      await place.server.stop('SIGKILL')
      balancer.remove(url)
      back.push(start(place.role).then((server) => void (place.server = server)))
    }
    await Promise.all(back)
    await redis.kill('SIGKILL')
    await sleep(isLong ? 2_000 : 500)
    await redis.start()
    await endHolds(database)
  }
  assert.deepEqual(customers.failures, [])
  const strange = balancer.cutOff.filter(
    ({ url, at }) => !kills.some((kill) => kill.url === url && at >= kill.at && at < kill.at + cut_off_ms_max),
  )
  assert.deepEqual(strange, [], 'only what a killed server was about to answer')

  const before = balancer.cutOff.length
  // In the short form, those who are asked something and were not killed before.
  const toRestart = isLong ? places : places.filter(({ role }, n) => n === 0 || role === 'payments')
  for (let round = 0; round < (isLong ? 2 : 1); round++) await restartAll(toRestart, start, balancer)
  assert.deepEqual(balancer.cutOff.slice(before), [], 'a rolling restart cuts nothing off')
  await customers.stop()
  t.diagnostic(JSON.stringify({ ...customers.told, kills: kills.length, cut_off: balancer.cutOff.length }))
  assert.deepEqual(customers.failures, [])
  assert.ok(customers.told.paid > 0 && customers.used.size > 0)

  await calm(database)
  await assertBookedOnce(database, customers)
  const { available_seat } = await database.db.selectFrom('event').select('available_seat').where('id', '=', events[0]!.id).executeTakeFirstOrThrow() // prettier-ignore
  for (const { told, stop } of onlookers) {
    await until(() => told.seats === available_seat)
    assert.ok(told.came > 1, 'they were cut off, and came back')
    assert.deepEqual(told.seqs, told.seqs.toSorted((a, b) => a - b)) // prettier-ignore
    await stop()
  }
  await assertBooksBalance(database.db)
  await assertPaidFor(database)
  if (isLong) {
    const doctor = await runCommand('doctor', { DATABASE_URL: databaseUrl })
    assert.equal(doctor.code, 0, doctor.output)
  }
  await Promise.all(places.map(async ({ server }) => assert.equal(await server.stop(), 0, server.output())))
  for (const { server } of places) assert.doesNotMatch(server.output(), /"level":"(error|fatal)"/)
  await redis.remove()
  await database.close()
  await drop()
})

/** One after the other of each role, the new one before the old one goes. */
async function restartAll(
  places: Place[],
  start: (role: ServerRole) => Promise<Server>,
  balancer: Balancer,
): Promise<void> {
  const byRole = Map.groupBy(places, ({ role }) => role)
  await Promise.all(
    [...byRole.values()].map(async (of) => {
      for (const place of of) {
        const old = place.server
        place.server = await start(place.role)
        assert.equal(await old.stop(), 0, old.output())
        balancer.remove(old.url)
      }
    }),
  )
}

/** As many bookings as were answered, each of them once, and all who were let in are. */
async function assertBookedOnce(
  { db }: Database,
  { booked, used }: { booked: Set<number>; used: Set<number> },
): Promise<void> {
  const rows = await db.selectFrom('booking').select('id').orderBy('id').execute()
  assert.deepEqual(rows.map(({ id }) => id), [...booked].toSorted((a, b) => a - b)) // prettier-ignore
  const inside = await db.selectFrom('ticket').select('id').where('status', '=', 'used').execute()
  const there = new Set(inside.map(({ id }) => id))
  assert.deepEqual([...used].filter((id) => !there.has(id)), []) // prettier-ignore
}
