import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, test } from 'node:test'
import { listTicketsByBooking } from '../../src/features/tickets/tickets.sql.ts'
import { http } from '../support/servers.ts'
import { raceGround } from './race-ground.ts'

const tickets = Number(process.env['KARCIS_DOOR_TICKETS'] ?? 2_000)
const doors = 64
const tickets_per_booking = 500

const { database, make, call, servers, close } = await raceGround()
after(close)

/** Codes of new tickets of one event. */
async function sold(count: number): Promise<{ event_id: number; codes: string[] }> {
  const event = await make.anEvent({ capacity: count })
  const codes: string[] = []
  while (codes.length < count) {
    const quantity = Math.min(tickets_per_booking, count - codes.length)
    const { id } = await make.aBooking({ event_id: event.id, quantity })
    codes.push(...(await listTicketsByBooking(database.db, id)).map(({ ticket_code }) => ticket_code))
  }
  return { event_id: event.id, codes }
}

test(`${doors} doors scan ${tickets} tickets twice: each is let in once, and who is refused is told where`, async () => {
  const { event_id, codes } = await sold(tickets)
  // The second half of the doors begins in the middle, so that a ticket's two scans are at different doors.
  const scans = [...codes, ...codes.slice(codes.length / 2), ...codes.slice(0, codes.length / 2)]
  const admittedAt = new Map<string, string>()
  const refusedFor = new Map<string, string>()
  let next = 0
  await Promise.all(
    Array.from({ length: doors }, async (_, n) => {
      while (next < scans.length) {
        const code = scans[next++]!
        const { status, body } = await call(n, 'POST', '/api/v2/check-ins', { code, event_id, door: `Gate ${n}` })
        if (status === 200) {
          assert.ok(!admittedAt.has(code), `${code} was let in twice`)
          admittedAt.set(code, body.door)
        } else {
          assert.deepEqual([status, body.code], [409, 'already_admitted'])
          refusedFor.set(code, body.used.door)
        }
      }
    }),
  )
  assert.equal(admittedAt.size, tickets)
  assert.equal(refusedFor.size, tickets)
  for (const code of codes) assert.equal(refusedFor.get(code), admittedAt.get(code))
  const { count } = await database.db
    .selectFrom('check_in')
    .select(({ fn }) => fn.countAll().as('count'))
    .where('event_id', '=', event_id)
    .executeTakeFirstOrThrow()
  assert.equal(Number(count), tickets)
})

test('a key that comes to two servers with two tickets is refused once, and with nobody beside it', async () => {
  const rounds = 12
  const beside = 6
  const { event_id, codes } = await sold(rounds * (beside + 2))
  const scan = (n: number, key?: string) =>
    http(
      'POST',
      `${servers[n % servers.length]!.url}/api/v2/check-ins`,
      { code: codes.pop()!, event_id, door: `Gate ${n}` },
      key === undefined ? {} : { 'idempotency-key': key },
    )
  for (let round = 0; round < rounds; round++) {
    const keyed = [0, 1].map((n) => scan(n, `two-tickets-${round}`))
    const others = Array.from({ length: beside }, (_, n) => scan(n))
    for (const { status, body } of await Promise.all(others)) assert.equal(status, 200, JSON.stringify(body))
    const answers = await Promise.all(keyed)
    assert.deepEqual(
      answers.map(({ status }) => status).toSorted((a, b) => a - b),
      [200, 422],
    )
  }
})

const pick = <T>(list: readonly T[]): T => list[Math.floor(Math.random() * list.length)]!
const byText = (a: string, b: string) => (a < b ? -1 : 1)
const uploaded = new Set<string>()

/** A few scans without network of the last moments, sent to two servers at once. */
async function uploadTwice(n: number, event_id: number, codes: readonly string[]): Promise<void> {
  const scans = Array.from({ length: 4 }, () => ({
    scan_id: randomUUID(),
    code: pick([...codes, 'ZZZZZZZZ']),
    action: pick(['admit', 'leave']),
    door: `offline ${n}`,
    at: new Date(Date.now() - Math.random() * 200).toISOString(),
  }))
  for (const { scan_id } of scans) uploaded.add(scan_id)
  const answers = await Promise.all(
    [n, n + 1].map((server) =>
      call(server, 'POST', `/api/v2/events/${event_id}/scans`, { device: `Scanner ${n}`, scans }),
    ),
  )
  const told = answers.map(({ status, body }) => {
    assert.equal(status, 200, JSON.stringify(body))
    const results = body.results as { scan_id: string; outcome: string; reason?: string; used?: object }[]
    return results.map(({ scan_id, outcome, reason, used }) => [scan_id, outcome, reason, used])
  })
  assert.deepEqual(told[0], told[1])
}

test('people come, go, and are taken back at random, with and without network: nobody is inside twice', async () => {
  const { event_id, codes } = await sold(5)
  await database.writer.updateTable('event').set({ reentry: 1 }).where('id', '=', event_id).execute()
  await Promise.all(
    Array.from({ length: 24 }, async (_, n) => {
      for (let step = 0; step < 20; step++) {
        const kind = Math.random()
        if (kind < 0.3) {
          await uploadTwice(n, event_id, codes)
        } else if (kind < 0.5) {
          const last = await database.db
            .selectFrom('check_in')
            .select('id')
            .where('event_id', '=', event_id)
            .where('undone_at', 'is', null)
            .where('kind', '<>', 'conflict')
            .orderBy('id', 'desc')
            .limit(3)
            .execute()
          if (last.length === 0) continue
          const { status } = await call(n, 'POST', `/api/v2/check-ins/${pick(last).id}/undo`)
          assert.ok(status === 200 || status === 409, `${status}`)
        } else {
          const body = { code: pick(codes), event_id, action: pick(['admit', 'leave']), door: `${n}` }
          const { status } = await call(n, 'POST', '/api/v2/check-ins', body)
          assert.ok(status === 200 || status === 409, `${status}`)
        }
      }
    }),
  )
  const acts = await database.db
    .selectFrom('check_in')
    .selectAll()
    .where('event_id', '=', event_id)
    .orderBy('id')
    .execute()
  const rows = await database.db.selectFrom('ticket').selectAll().where('event_id', '=', event_id).execute()
  assert.ok(acts.length > codes.length)
  const kept = acts.flatMap(({ scan_id }) => scan_id ?? [])
  assert.deepEqual(kept.toSorted(byText), [...uploaded].toSorted(byText), 'each scan has one row')
  assert.ok(acts.some(({ kind }) => kind === 'conflict'))
  for (const ticket of rows) {
    const kinds = acts
      .filter(({ ticket_id, undone_at, kind }) => ticket_id === ticket.id && undone_at === null && kind !== 'conflict')
      .map(({ kind }) => kind)
    const follows = { admitted: undefined, left: ['admitted', 'returned'], returned: ['left'] } as const
    kinds.forEach((kind, index) => {
      const before = kinds[index - 1]
      const allowed: readonly string[] | undefined = follows[kind as keyof typeof follows]
      assert.ok(allowed ? before !== undefined && allowed.includes(before) : before === undefined, kinds.join(' '))
    })
    assert.equal(ticket.status, kinds.length === 0 ? 'unused' : 'used')
    assert.equal(ticket.left_at !== null, kinds.at(-1) === 'left')
  }
})
