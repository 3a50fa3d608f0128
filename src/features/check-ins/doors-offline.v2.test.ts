import assert from 'node:assert/strict'
import { createHash, createPublicKey, randomUUID, verify } from 'node:crypto'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { startApp } from '../../../test/support/app.ts'
import { factories } from '../../../test/support/factories.ts'
import { people } from '../../../test/support/people.ts'
import { signTicket } from '../signatures/ticket-token.ts'
import { listTicketsByBooking, type Ticket } from '../tickets/tickets.sql.ts'

const started = await startApp({}, { auth: 'on' })
const { deps } = started
const { aBooking, anEvent } = factories(deps)
const { signedIn } = people(started)
const organizer = await signedIn('organizer')
const { writer, db } = deps.database
const event = await anEvent({ organizer_id: organizer.id, capacity: 5_000 })
await writer.updateTable('event').set({ reentry: 1 }).where('id', '=', event.id).execute()

async function aTicket(event_id = event.id): Promise<Ticket> {
  const { id } = await aBooking({ event_id })
  return (await listTicketsByBooking(db, id))[0]!
}
const ago = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString()
const aScan = (more: object) => ({ scan_id: randomUUID(), door: 'Gate A', at: ago(10), ...more })
const upload = (scans: object[], event_id = event.id) =>
  organizer.call('POST', `/api/v2/events/${event_id}/scans`, { device: 'Scanner 4', scans })
const outcomes = async (scans: object[]) => {
  const { status, body } = await upload(scans)
  assert.equal(status, 200, JSON.stringify(body))
  return (body.results as { outcome: string; reason?: string }[]).map(({ outcome, reason }) => reason ?? outcome)
}
const online = (body: object) => organizer.call('POST', '/api/v2/check-ins', { event_id: event.id, door: 'B', ...body })

/** What a device does, by nothing but node:crypto. */
function isGenuine(bytes: Buffer): boolean {
  const end = bytes.lastIndexOf(0x0a, bytes.length - 2) + 1
  try {
    const { jwks } = JSON.parse(bytes.subarray(0, bytes.indexOf(0x0a)).toString()) as {
      jwks: { keys: { kid: string }[] }
    }
    const { signature } = JSON.parse(bytes.subarray(end).toString()) as { signature: string }
    const [header, payload, signed] = signature.split('.') as [string, string, string]
    const { kid } = JSON.parse(Buffer.from(header, 'base64url').toString()) as { kid: string }
    const key = createPublicKey({ format: 'jwk', key: jwks.keys.find((one) => one.kid === kid)! })
    if (!verify(null, Buffer.from(`${header}.${payload}`), key, Buffer.from(signed, 'base64url'))) return false
    const { sha256, e } = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { sha256: string; e: number }
    const hash = createHash('sha256').update(bytes.subarray(0, end)).digest('hex')
    return sha256 === hash && e === event.id
  } catch {
    return false
  }
}

test('a device proves a snapshot of several pages without us, and sees any byte that was changed', async () => {
  const { id } = await aBooking({ event_id: event.id, quantity: 1_000 })
  const second = await aBooking({ event_id: event.id, quantity: 200 })
  const [gone] = await listTicketsByBooking(db, second.id)
  await writer.updateTable('ticket').set({ status: 'void' }).where('id', '=', gone!.id).execute()
  const { status, headers, text } = await organizer.call('GET', `/api/v2/events/${event.id}/door-snapshot`)
  assert.equal(status, 200)
  assert.equal(headers['content-type'], 'application/x-ndjson')
  assert.equal(headers['cache-control'], 'no-store')
  const lines = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as never)
  assert.deepEqual(Object.keys(lines[0]!), ['event_id', 'title', 'doors_open_at', 'reentry', 'taken_at', 'jwks'])
  const tickets = lines.slice(1, -1) as unknown[][]
  assert.equal(tickets.length, 1_199)
  assert.ok(!tickets.some(([ticket]) => ticket === gone!.id), 'no void ticket')
  const first = (await listTicketsByBooking(db, id))[0]!
  const { ticket_code, ticket_type_id, holder_name } = first
  assert.deepEqual(tickets[0], [first.id, 1, ticket_code, ticket_type_id, holder_name, 'unused', null])
  const bytes = Buffer.from(text)
  assert.ok(isGenuine(bytes))
  for (const index of [20, 5_000, bytes.length >> 1, bytes.length - 40]) {
    const changed = Buffer.from(bytes)
    changed[index]! ^= 1
    assert.ok(!isGenuine(changed), `byte ${index}`)
  }
  assert.ok(!isGenuine(Buffer.concat([bytes.subarray(0, 1_000), bytes.subarray(bytes.lastIndexOf('{'))])), 'cut')
})

test('each outcome, in the order in which it happened', async () => {
  const [one, two, dead, renewed, early] = await Promise.all(Array.from({ length: 5 }, () => aTicket()))
  const old = await signTicket(deps.signer, renewed!)
  await writer.updateTable('ticket').set({ version: 2 }).where('id', '=', renewed!.id).execute()
  await writer.updateTable('ticket').set({ status: 'void' }).where('id', '=', dead!.id).execute()
  const sister = await aTicket((await anEvent({ organizer_id: organizer.id })).id)
  const stranger = await aTicket((await anEvent()).id)
  assert.deepEqual(
    await outcomes([
      aScan({ ticket_id: one!.id, at: ago(10) }),
      aScan({ code: one!.ticket_code, at: ago(30), action: 'leave' }),
      aScan({ token: await signTicket(deps.signer, one!), at: ago(40) }),
      aScan({ ticket_id: one!.id, at: ago(5) }),
      aScan({ ticket_id: two!.id, action: 'leave' }),
      aScan({ ticket_id: dead!.id }),
      aScan({ token: old }),
      aScan({ token: old.replace(/.$/, (last) => (last === 'A' ? 'Q' : 'A')) }),
      aScan({ code: 'ZZZZZZZZ' }),
      aScan({ code: 'Ünïcode' }),
      aScan({ ticket_id: 999_999_999 }),
      aScan({ ticket_id: sister.id }),
      aScan({ ticket_id: stranger.id }),
    ]),
    [
      'returned',
      'left',
      'admitted',
      'already_admitted',
      'not_inside',
      'ticket_void',
      'ticket_handed_over',
      'token_forged',
      'ticket_unknown',
      'ticket_unknown',
      'ticket_unknown',
      'ticket_of_another_event',
      'ticket_unknown',
    ],
  )
  const rows = await db.selectFrom('ticket').selectAll().where('id', '=', one!.id).execute()
  assert.deepEqual([rows[0]!.status, rows[0]!.left_at], ['used', null])
  const { body } = await organizer.call('GET', `/api/v2/check-ins?event_id=${event.id}&kind=conflict`)
  const kept = (body.items as { ticket_id: number | null; reason: string }[]).map(({ ticket_id, reason }) => [
    ticket_id,
    reason,
  ])
  assert.equal(kept.length, 10)
  assert.ok(kept.some(([id, reason]) => id === null && reason === 'token_forged'))
  const opens = new Date(Date.now() - 20 * 60_000).toISOString().slice(0, 19).replace('T', ' ')
  await writer.updateTable('event').set({ doors_open_at: opens }).where('id', '=', event.id).execute()
  assert.deepEqual(
    await outcomes([aScan({ ticket_id: early!.id, at: ago(15) }), aScan({ ticket_id: early!.id, at: ago(25) })]),
    ['admitted', 'ticket_not_yet_valid'],
  )
  await writer.updateTable('event').set({ doors_open_at: null }).where('id', '=', event.id).execute()
})

test('who was let in online before or after is a conflict, and it is said with whom', async () => {
  const ticket = await aTicket()
  const admitted = await online({ code: ticket.ticket_code })
  const scan = aScan({ ticket_id: ticket.id, at: ago(60) })
  const result = { scan_id: scan.scan_id, outcome: 'conflict', reason: 'already_admitted' }
  const used = { at: admitted.body.at, door: 'B' }
  assert.deepEqual((await upload([scan])).body.results, [{ ...result, used }])
  assert.equal((await online({ code: ticket.ticket_code, action: 'leave' })).status, 200)
  // Somebody came in while the other was inside, and went out before the other came in.
  assert.deepEqual(await outcomes([aScan({ ticket_id: ticket.id, at: ago(30) })]), ['already_admitted'])
  assert.deepEqual((await upload([scan])).body.results, [{ ...result, used, repeated: true }])
  assert.equal((await online({ code: ticket.ticket_code })).body.outcome, 'returned')
  assert.deepEqual(await outcomes([aScan({ ticket_id: ticket.id, at: ago(30), action: 'leave' })]), ['not_inside'])
  const { body } = await organizer.call('GET', `/api/v2/check-ins?event_id=${event.id}&ticket_id=${ticket.id}`)
  const undone = await organizer.call('POST', `/api/v2/check-ins/${body.items.at(-2).id}/undo`)
  assert.equal(undone.body.code, 'check_in_not_latest')
  const last = body.items.find(({ kind }: { kind: string }) => kind !== 'conflict')
  assert.equal((await organizer.call('POST', `/api/v2/check-ins/${last.id}/undo`)).status, 200, 'past the conflicts')
})

test('an upload that comes again is told of the same admission, though all happened within a millisecond', async () => {
  const moment = new Date()
  const frozen = await startApp({ now: () => moment }, { auth: 'on' })
  const owner = await people(frozen).signedIn('organizer')
  const own = factories(frozen.deps)
  const { id: event_id } = await own.anEvent({ organizer_id: owner.id })
  await frozen.deps.database.writer.updateTable('event').set({ reentry: 1 }).where('id', '=', event_id).execute()
  const [ticket] = await listTicketsByBooking(frozen.deps.database.db, (await own.aBooking({ event_id })).id)
  const act = async (door: string, action = 'admit') =>
    owner.call('POST', '/api/v2/check-ins', { event_id, code: ticket!.ticket_code, door, action })
  const undo = async (id: number) =>
    assert.equal((await owner.call('POST', `/api/v2/check-ins/${id}/undo`)).status, 200)
  // Scanned while its guest was inside.
  const aLateScan = () => ({ scan_id: randomUUID(), ticket_id: ticket!.id, action: 'admit', door: 'C', at: ago(1) })
  const doorTold = async (scan: object) => {
    const { body } = await owner.call('POST', `/api/v2/events/${event_id}/scans`, {
      device: 'Scanner 4',
      scans: [scan],
    })
    return body.results[0].used?.door
  }
  const [metReturn, metAdmission] = [aLateScan(), aLateScan()]
  await act('A')
  await act('A', 'leave')
  await act('B')
  assert.equal(await doorTold(metReturn), 'B')
  const { db } = frozen.deps.database
  const returned = await db.selectFrom('check_in').select('id').where('kind', '=', 'returned').executeTakeFirstOrThrow()
  await undo(returned.id)
  assert.equal(await doorTold(metAdmission), 'A', 'who came back did not')
  assert.equal(await doorTold(metReturn), 'B', 'as it was told first')
  assert.equal(await doorTold(metAdmission), 'A')
})

test('an upload that comes again changes nothing and is told the same', async () => {
  const [one, two] = [await aTicket(), await aTicket()]
  const twice = aScan({ ticket_id: two.id })
  const scans = [
    aScan({ ticket_id: one.id }),
    aScan({ ticket_id: one.id, door: 'C' }),
    aScan({ code: 'ZZZZ' }),
    twice,
    twice,
  ]
  const answers = await Promise.all([upload(scans), upload(scans), upload(scans)])
  const plain = answers.map(({ status, body }) => {
    assert.equal(status, 200, JSON.stringify(body))
    return JSON.stringify(body.results).replaceAll(',"repeated":true', '')
  })
  assert.deepEqual(plain[1], plain[0])
  assert.deepEqual(plain[2], plain[0])
  const fresh = answers.filter(({ body }) => !body.results[0].repeated)
  assert.equal(fresh.length, 1)
  assert.deepEqual(
    fresh[0]!.body.results.map(({ repeated }: { repeated?: true }) => repeated),
    [undefined, undefined, undefined, undefined, true],
  )
  const { count } = await db
    .selectFrom('check_in')
    .select(({ fn }) => fn.countAll().as('count'))
    .where(
      'scan_id',
      'in',
      scans.map(({ scan_id }) => scan_id),
    )
    .executeTakeFirstOrThrow()
  assert.equal(Number(count), 4)
})

test('with and without network at once, one lets in, and the other is a conflict', async () => {
  for (let n = 0; n < 10; n++) {
    const ticket = await aTicket()
    const [here, there] = await Promise.all([
      online({ code: ticket.ticket_code }),
      upload([aScan({ ticket_id: ticket.id, at: ago(0) })]),
    ])
    const got: string[] = [
      here.body.outcome ?? here.body.code,
      there.body.results[0].reason ?? there.body.results[0].outcome,
    ]
    assert.deepEqual(got.toSorted(), ['admitted', 'already_admitted'])
  }
})

test('a scan of the future, of last week, or of no ticket refuses them all, by its name', async () => {
  const ticket = await aTicket()
  for (const [wrong, pointer] of [
    [{ ticket_id: ticket.id, at: ago(-6) }, '/scans/1/at'],
    [{ ticket_id: ticket.id, at: ago(7 * 24 * 60 + 1) }, '/scans/1/at'],
    [{}, '/scans/1'],
    [{ ticket_id: ticket.id, code: ticket.ticket_code }, '/scans/1'],
  ] as const) {
    const { status, body } = await upload([aScan({ ticket_id: ticket.id }), aScan({ scan_id: 'late.1', ...wrong })])
    assert.deepEqual(
      [status, body.code, body.errors?.[0]?.pointer],
      [400, 'invalid_body', pointer],
      JSON.stringify(body),
    )
    assert.match(body.detail, /late\.1/)
  }
  assert.deepEqual(await outcomes([aScan({ ticket_id: ticket.id, at: ago(-4) })]), ['admitted'])
})

test('whatever is uploaded, nothing breaks', async () => {
  const { ticket_code, id } = await aTicket()
  const odd = <T>(good: fc.Arbitrary<T>) => fc.oneof({ weight: 4, arbitrary: good }, fc.anything())
  const scan = fc.record(
    {
      scan_id: odd(fc.string({ maxLength: 70 })),
      code: odd(fc.constantFrom(ticket_code, '')),
      ticket_id: odd(fc.constantFrom(id, 0, 2 ** 53)),
      token: odd(fc.string()),
      action: odd(fc.constantFrom('admit', 'leave')),
      door: odd(fc.string({ unit: 'binary' })),
      at: odd(fc.constantFrom(ago(1), ago(0).replace('Z', '+00:00'), '2026-02-30T00:00:00Z', ago(1).toLowerCase())),
    },
    { requiredKeys: ['scan_id', 'at'] },
  )
  const body = fc.record({ device: odd(fc.string()), scans: odd(fc.array(scan, { maxLength: 3 })) })
  await fc.assert(
    fc.asyncProperty(body, async (sent) => {
      const { status } = await organizer.call('POST', `/api/v2/events/${event.id}/scans`, sent)
      assert.ok(status < 500, `${status}`)
    }),
    { numRuns: 300 },
  )
})
