import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { databaseTargetFromUrl } from '../../src/config.ts'
import { openDatabase } from '../../src/db/database.ts'
import { migrate } from '../../src/db/migrate.ts'
import { createEmptyDatabase } from '../support/database.ts'
import { testDeps } from '../support/deps.ts'
import { factories } from '../support/factories.ts'
import { http, killLeftovers, startServer } from '../support/servers.ts'
import { assertNothingLost } from './after.ts'
import { startCrowd } from './load.ts'

after(killLeftovers)

test('kill -9 of the server under load, again and again: every 201 is there', async () => {
  const { url, drop } = await createEmptyDatabase()
  const database = await openDatabase(databaseTargetFromUrl(url), 3)
  await migrate(database)
  const deps = testDeps(database)
  const { aCustomer, anEvent } = factories(deps)
  const order = { customer_id: (await aCustomer()).id, event_id: (await anEvent({ capacity: 1_000_000 })).id }
  for (let round = 0; round < 4; round++) {
    const server = await startServer(url, { LOG_LEVEL: 'info' })
    const crowd = startCrowd(server.url, 20, order)
    await sleep(300 + round * 170)
    await server.stop('SIGKILL')
    await assertNothingLost(database.db, await crowd.stop())
  }
  await database.close()
  await drop()
})

test('an Idempotency-Key survives kill -9: sent again to the next server, it books once', async () => {
  const { url, drop } = await createEmptyDatabase()
  const database = await openDatabase(databaseTargetFromUrl(url), 3)
  await migrate(database)
  const deps = testDeps(database)
  const { aCustomer, anEvent } = factories(deps)
  const order = {
    customer_id: (await aCustomer()).id,
    event_id: (await anEvent({ capacity: 100_000 })).id,
    quantity: 1,
  }
  const send = (base: string, n: number) =>
    http('POST', `${base}/bookings`, order, { 'idempotency-key': `key-${n}` }).catch(() => ({ status: 0, body: null }))

  const server = await startServer(url)
  const first = Promise.all(Array.from({ length: 400 }, (_, n) => send(server.url, n)))
  await sleep(25)
  await server.stop('SIGKILL')
  const before = await first

  const next = await startServer(url)
  for (let n = 0; n < 400; n += 50) {
    const answers = await Promise.all(Array.from({ length: 50 }, (_, m) => send(next.url, n + m)))
    for (const [m, { status, body }] of answers.entries()) {
      assert.equal(status, 201)
      const earlier = before[n + m]!
      if (earlier.status === 201) assert.deepEqual(body, earlier.body, 'the same answer again')
    }
  }
  const { count } = await database.db
    .selectFrom('booking')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow()
  assert.equal(count, 400)
  await next.stop()
  await database.close()
  await drop()
})

test('clients that vanish in the middle leave whole bookings or none', async () => {
  const { url, drop } = await createEmptyDatabase()
  const server = await startServer(url)
  const database = await openDatabase(databaseTargetFromUrl(url), 3)
  const deps = testDeps(database)
  const { aCustomer, anEvent } = factories(deps)
  const order = { customer_id: (await aCustomer()).id, event_id: (await anEvent({ capacity: 100_000 })).id }
  const body = JSON.stringify({ ...order, quantity: 2 })
  for (let round = 0; round < 20; round++) {
    const leaving = new AbortController()
    const calls = Array.from({ length: 30 }, () =>
      fetch(`${server.url}/bookings`, {
        method: 'POST',
        body,
        headers: { 'content-type': 'application/json' },
        signal: leaving.signal,
      }).catch(() => undefined),
    )
    await sleep(round)
    leaving.abort()
    await Promise.all(calls)
  }
  const crowd = startCrowd(server.url, 5, order)
  await sleep(200)
  await assertNothingLost(database.db, await crowd.stop())
  await server.stop()
  await database.close()
  await drop()
})
