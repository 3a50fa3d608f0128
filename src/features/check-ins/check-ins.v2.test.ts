import assert from 'node:assert/strict'
import { test } from 'node:test'
import { anApiKey, bearer, putAtDoors } from '../../../test/support/access-ground.ts'
import { startApp } from '../../../test/support/app.ts'
import { onSqlite } from '../../../test/support/database.ts'
import { factories } from '../../../test/support/factories.ts'
import { people } from '../../../test/support/people.ts'
import { inTransaction } from '../../db/transaction.ts'
import { signLink } from '../signatures/link-token.ts'
import { signTicket } from '../signatures/ticket-token.ts'
import { listTicketsByBooking, type Ticket } from '../tickets/tickets.sql.ts'

const started = await startApp({}, { auth: 'on' })
const { call, deps } = started
const { aBooking, anEvent } = factories(deps)
const { signedIn } = people(started)
const organizer = await signedIn('organizer')
const { writer, db } = deps.database
const event = await anEvent({ organizer_id: organizer.id, capacity: 500 })
await writer.updateTable('event').set({ reentry: 1 }).where('id', '=', event.id).execute()

async function aTicket(event_id = event.id): Promise<Ticket> {
  const { id } = await aBooking({ event_id })
  return (await listTicketsByBooking(db, id))[0]!
}
const scan = (body: object, who = organizer, headers = {}) =>
  who.call('POST', '/api/v2/check-ins', { event_id: event.id, door: 'A', ...body }, headers)
const code = async (body: object, who = organizer) => {
  const { status, body: answer } = await scan(body, who)
  return [status, answer.outcome ?? answer.code]
}
const list = async (query: string) =>
  (await organizer.call('GET', `/api/v2/check-ins?event_id=${event.id}&${query}`)).body.items
const undo = async (id: number, who = organizer) => {
  const { status, body } = await who.call('POST', `/api/v2/check-ins/${id}/undo`)
  return [status, body.code ?? body.kind]
}
const tokenOf = (ticket: Ticket) => signTicket(deps.signer, ticket)

test('a ticket is let in once, by its code or its token, and who comes after is told where and when', async () => {
  const ticket = await aTicket()
  const { status, body } = await scan({ code: ticket.ticket_code.toLowerCase().replace(/^..../, '$& - ') })
  assert.equal(status, 200)
  assert.deepEqual(body, {
    outcome: 'admitted',
    ticket: {
      id: ticket.id,
      holder_name: ticket.holder_name,
      ticket_type: { id: ticket.ticket_type_id, name: body.ticket.ticket_type.name },
    },
    at: body.at,
    door: 'A',
  })
  assert.notEqual(body.ticket.ticket_type.name, '')
  const again = await scan({ token: await tokenOf(ticket), door: 'B' })
  assert.deepEqual(
    [again.status, again.body.code, again.body.used],
    [409, 'already_admitted', { at: body.at, door: 'A' }],
  )
  assert.match(String(again.headers['content-type']), /^application\/problem\+json/)
  const used = await organizer.call('POST', `/api/v2/tickets/${ticket.id}/use`)
  assert.deepEqual([used.status, used.body.code], [400, 'ticket_already_used'])
})

test('what version 1 and version 2 use is a check-in, too', async () => {
  const ticket = await aTicket()
  assert.equal((await organizer.call('PUT', `/tickets/${ticket.id}/use`)).status, 200)
  const [act] = await list(`ticket_id=${ticket.id}`)
  assert.deepEqual([act.kind, act.door, act.actor_id, act.undone_at], ['admitted', '', organizer.id, null])
  assert.deepEqual(await code({ code: ticket.ticket_code }), [409, 'already_admitted'])
})

test('who leaves comes back, once for each time', async () => {
  const { ticket_code, id } = await aTicket()
  const steps = [
    ['leave', 409, 'not_inside'],
    ['admit', 200, 'admitted'],
    ['leave', 200, 'left'],
    ['leave', 409, 'not_inside'],
    ['admit', 200, 'returned'],
    ['admit', 409, 'already_admitted'],
  ] as const
  for (const [action, ...answer] of steps) assert.deepEqual(await code({ code: ticket_code, action }), answer)
  assert.deepEqual(
    (await list(`ticket_id=${id}`)).map(({ kind }: { kind: string }) => kind),
    ['returned', 'left', 'admitted'],
  )
  const other = await anEvent({ organizer_id: organizer.id })
  const strict = await aTicket(other.id)
  const there = { event_id: other.id, code: strict.ticket_code }
  assert.deepEqual(await code(there), [200, 'admitted'])
  assert.deepEqual(await code({ ...there, action: 'leave' }), [409, 'reentry_not_allowed'])
})

test('before the doors open nobody gets in, and is told when they do', async () => {
  const later = await anEvent({ organizer_id: organizer.id })
  await writer.updateTable('event').set({ doors_open_at: '2999-01-01 10:00:00' }).where('id', '=', later.id).execute()
  const { ticket_code } = await aTicket(later.id)
  const { status, body } = await scan({ event_id: later.id, code: ticket_code })
  assert.deepEqual([status, body.code, body.valid_from], [409, 'ticket_not_yet_valid', '2999-01-01T10:00:00Z'])
})

test('a void, a foreign, a handed-over, a made-up one', async () => {
  const ticket = await aTicket()
  const old = await tokenOf(ticket)
  await writer.updateTable('ticket').set({ version: 2 }).where('id', '=', ticket.id).execute()
  assert.deepEqual(await code({ token: old }), [409, 'ticket_handed_over'])
  await writer.updateTable('ticket').set({ status: 'void' }).where('id', '=', ticket.id).execute()
  assert.deepEqual(await code({ code: ticket.ticket_code }), [409, 'ticket_void'])
  assert.deepEqual(await code({ code: 'ZZZZZZZZ' }), [404, 'ticket_unknown'])
  assert.deepEqual(await code({ code: 'Ünïcode' }), [404, 'ticket_unknown'])
  assert.deepEqual(await code({ code: (await aTicket((await anEvent()).id)).ticket_code }), [404, 'ticket_unknown'])
  const sister = await aTicket((await anEvent({ organizer_id: organizer.id })).id)
  assert.deepEqual(await code({ code: sister.ticket_code }), [409, 'ticket_of_another_event'])
  assert.deepEqual(await code({ token: await tokenOf({ ...ticket, id: 999_999_999 }) }), [404, 'ticket_unknown'])
  const link = await signLink(deps.signer, { purpose: 'ticket', id: ticket.id }, new Date('2999-01-01'))
  for (const token of ['', '..', 'x', link]) assert.deepEqual(await code({ token }), [422, 'token_forged'], token)
  assert.deepEqual(await code({}), [400, 'token_or_code'])
  assert.deepEqual(await code({ token: old, code: ticket.ticket_code }), [400, 'token_or_code'])
})

test('a token with any byte changed admits nobody', async () => {
  const ticket = await aTicket()
  const token = await tokenOf(ticket)
  for (let index = 0; index < token.length; index++) {
    for (const bit of [1, 32]) {
      const flipped = String.fromCharCode(token.charCodeAt(index) ^ bit)
      assert.deepEqual(await code({ token: token.slice(0, index) + flipped + token.slice(index + 1) }), [
        422,
        'token_forged',
      ])
    }
  }
  assert.deepEqual(await code({ token }), [200, 'admitted'])
})

test('the event’s staff and keys for its doors let in, others don’t', async () => {
  const [staff, stranger] = [await signedIn('staff'), await signedIn('organizer')]
  const { ticket_code } = await aTicket()
  assert.deepEqual(await code({ code: ticket_code }, staff), [403, 'not_own_event'])
  assert.equal((await scan({ code: ticket_code }, staff)).body.detail, 'you are not staff of this event')
  assert.deepEqual(await code({ code: ticket_code }, stranger), [403, 'not_own_event'])
  await putAtDoors(deps, event.id, staff.id)
  const again = await started.call('POST', '/auth/login', { email: staff.email, password: 'password123' })
  const headers = bearer(again.body.data.access_token)
  const admitted = await call('POST', '/api/v2/check-ins', { code: ticket_code, event_id: event.id }, headers)
  assert.deepEqual([admitted.status, admitted.body.door], [200, ''])
  const [{ id }] = await list(`kind=admitted&limit=1`)
  assert.equal((await call('POST', `/api/v2/check-ins/${id}/undo`, undefined, headers)).status, 403)
  assert.deepEqual(await undo(id, stranger), [404, 'check_in_not_found'])
  const key = bearer(await anApiKey(deps, organizer.id, ['check-in']))
  const scanned = await call(
    'POST',
    '/api/v2/check-ins',
    { code: (await aTicket()).ticket_code, event_id: event.id },
    key,
  )
  assert.equal(scanned.status, 200)
})

test('a scanner that lost the answer gets it again, and its guest in', async () => {
  const { ticket_code } = await aTicket()
  const headers = { 'idempotency-key': 'gate-1' }
  const first = await scan({ code: ticket_code }, organizer, headers)
  const again = await scan({ code: ticket_code }, organizer, headers)
  assert.deepEqual([again.status, again.body, again.headers['idempotency-replayed']], [200, first.body, 'true'])
  assert.deepEqual(await code({ code: ticket_code }), [409, 'already_admitted'])
})

test('of many doors with one ticket, one lets it in', async () => {
  const { ticket_code } = await aTicket()
  const answers = await Promise.all(Array.from({ length: 16 }, (_, n) => scan({ code: ticket_code, door: `${n}` })))
  const [winner, ...more] = answers.filter(({ status }) => status === 200)
  assert.equal(more.length, 0)
  for (const { status, body } of answers) {
    if (status !== 200) assert.deepEqual([status, body.used.door], [409, winner!.body.door])
  }
})

test('the last act of a ticket is taken back, one after the other', async () => {
  const { ticket_code, id } = await aTicket()
  for (const action of ['admit', 'leave', 'admit']) await scan({ code: ticket_code, action })
  const [returned, left, admitted] = (await list(`ticket_id=${id}`)) as { id: number }[]
  const state = async () => {
    const [{ status, left_at }] = (await db.selectFrom('ticket').selectAll().where('id', '=', id).execute()) as [Ticket]
    return { status, left_at }
  }
  assert.deepEqual(await undo(admitted!.id), [409, 'check_in_not_latest'])
  assert.deepEqual(await undo(returned!.id), [200, 'returned'])
  assert.notEqual((await state()).left_at, null)
  assert.deepEqual(await undo(returned!.id), [409, 'check_in_undone'])
  assert.deepEqual(await undo(left!.id), [200, 'left'])
  assert.deepEqual(await state(), { status: 'used', left_at: null })
  assert.deepEqual(await undo(admitted!.id), [200, 'admitted'])
  assert.deepEqual(await state(), { status: 'unused', left_at: null })
  assert.deepEqual(await undo(999_999_999), [404, 'check_in_not_found'])
  assert.deepEqual(await code({ code: ticket_code }), [200, 'admitted'])
})

test('a list is narrowed by door, kind, type and time', async () => {
  const { ticket_code, id, ticket_type_id } = await aTicket()
  await scan({ code: ticket_code, door: 'Pintu Utara' })
  const found = async (query: string) => (await list(`ticket_id=${id}&${query}`)).length
  for (const query of [
    'door=Pintu%20Utara',
    'kind=admitted',
    `ticket_type_id=${ticket_type_id}`,
    'from=2000-01-01T00:00:00Z',
  ]) {
    assert.equal(await found(query), 1, query)
  }
  for (const query of ['door=Selatan', 'kind=conflict', 'ticket_type_id=999999', 'to=2000-01-01T00:00:00Z']) {
    assert.equal(await found(query), 0, query)
  }
})

test(
  'a ticket that stays locked holds up nobody else for long',
  {
    skip: onSqlite && 'SQLite has no locks of rows',
  },
  async () => {
    const tickets = [await aTicket(), await aTicket(), await aTicket(), await aTicket()]
    const [, , held] = tickets
    const since = performance.now()
    const answers = await inTransaction(deps.database, async (tx) => {
      await tx.selectFrom('ticket').select('id').where('id', '=', held!.id).forUpdate().execute()
      return Promise.all(tickets.map(({ ticket_code }) => code({ code: ticket_code })))
    })
    const took_ms = performance.now() - since
    const admitted = [200, 'admitted']
    assert.deepEqual(answers, [admitted, admitted, [503, 'server_busy'], admitted])
    assert.ok(took_ms < 13_000, `${took_ms} ms`)
  },
)
