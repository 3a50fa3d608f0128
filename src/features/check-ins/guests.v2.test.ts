import assert from 'node:assert/strict'
import { test } from 'node:test'
import { anApiKey, bearer } from '../../../test/support/access-ground.ts'
import { startApp } from '../../../test/support/app.ts'
import { factories } from '../../../test/support/factories.ts'
import { people } from '../../../test/support/people.ts'
import { listTicketTypes } from '../ticket-types/ticket-types.sql.ts'
import { listTicketsByBooking, type Ticket } from '../tickets/tickets.sql.ts'

const started = await startApp({}, { auth: 'on' })
const { deps } = started
const { aBooking, anEvent } = factories(deps)
const organizer = await people(started).signedIn('organizer')
const { writer, db } = deps.database

/** A new event, where somebody may leave, with tickets in these names. */
async function aHall(...names: string[]) {
  const { id } = await anEvent({ organizer_id: organizer.id, capacity: 500 })
  await writer.updateTable('event').set({ reentry: 1 }).where('id', '=', id).execute()
  const tickets: Ticket[] = []
  for (const holder_name of names) {
    const booking = await aBooking({ event_id: id })
    const [ticket] = await listTicketsByBooking(db, booking.id)
    await writer.updateTable('ticket').set({ holder_name }).where('id', '=', ticket!.id).execute()
    tickets.push({ ...ticket!, holder_name })
  }
  const get = async (path: string) => (await organizer.call('GET', `/api/v2/events/${id}/${path}`)).body
  const found = async (query: string): Promise<string[]> =>
    (await get(`check-in-list?${query}`)).items.map(({ holder_name }: Ticket) => holder_name)
  const scan = (index: number, door: string, action = 'admit') =>
    organizer.call('POST', '/api/v2/check-ins', { event_id: id, code: tickets[index]!.ticket_code, door, action })
  return { id, tickets, get, found, scan }
}

test('the guest list says who is inside, and who left when', async () => {
  const { id, tickets, get, scan } = await aHall('Ani', 'Budi', 'Citra', 'Dewi')
  await scan(0, 'A')
  await scan(1, 'A')
  await scan(1, 'B', 'leave')
  await writer.updateTable('ticket').set({ status: 'void' }).where('id', '=', tickets[3]!.id).execute()
  const [type] = await listTicketTypes(db, id)
  const { items, next_cursor } = await get('check-in-list')
  assert.deepEqual(items[0], {
    ticket_id: tickets[0]!.id,
    holder_name: 'Ani',
    ticket_type: { id: type!.id, name: type!.name },
    ticket_code: tickets[0]!.ticket_code,
    status: 'used',
    inside: true,
    left_at: null,
  })
  assert.match(items[1].left_at, /^\d{4}-.*Z$/)
  assert.deepEqual(
    items.map(({ status, inside }: { status: string; inside: boolean }) => [status, inside]),
    [
      ['used', true],
      ['used', false],
      ['unused', false],
    ],
  )
  assert.equal(next_cursor, null)
})

test('the guest list is found by name and code, and narrowed by status and type', async () => {
  const { id, tickets, found, scan } = await aHall('Ani Wijaya', 'ANITA', 'Budi', '100% Ani', '%', 'Anx', 'A_x')
  await scan(2, 'A')
  const [type] = await listTicketTypes(db, id)
  assert.deepEqual(await found('q=ani'), ['Ani Wijaya', 'ANITA'])
  assert.deepEqual(await found('q=a_'), ['A_x'])
  assert.deepEqual(await found('q=%25'), ['%'])
  assert.deepEqual(await found('q=!'), [])
  assert.deepEqual(await found(`q=${tickets[2]!.ticket_code.toLowerCase().replace(/^..../, '$&-')}`), ['Budi'])
  assert.deepEqual(await found(`q=${(await aHall('Foreign')).tickets[0]!.ticket_code}`), [])
  assert.deepEqual(await found('status=used'), ['Budi'])
  assert.equal((await found('status=unused')).length, 6)
  assert.equal((await found(`ticket_type_id=${type!.id}`)).length, 7)
  assert.deepEqual(await found(`ticket_type_id=${type!.id + 1_000_000}`), [])
  const answer = await organizer.call('GET', `/api/v2/events/${id}/check-in-list?status=void`)
  assert.deepEqual([answer.status, answer.body.code], [400, 'invalid_request'])
})

test('the guest list comes in pages', async () => {
  const names = ['A', 'B', 'C', 'D', 'E']
  const { get } = await aHall(...names)
  const seen: string[] = []
  for (let cursor = ''; ;) {
    const { items, next_cursor } = await get(`check-in-list?limit=2${cursor}`)
    seen.push(...items.map(({ holder_name }: Ticket) => holder_name))
    if (next_cursor === null) break
    cursor = `&cursor=${next_cursor}`
  }
  assert.deepEqual(seen, names)
})

test('counts are of what still counts, by door, type and quarter of an hour', async () => {
  const { id, tickets, get, scan } = await aHall('A', 'B', 'C', 'D', 'E', 'F', 'G')
  for (const [index, door] of ['Utara', 'Utara', 'Selatan', 'utara'].entries()) await scan(index, door)
  await organizer.call('PUT', `/api/v1/tickets/${tickets[4]!.id}/use`)
  await scan(0, 'Utara', 'leave')
  await scan(1, 'Utara', 'leave')
  await scan(1, 'Selatan')
  await writer.updateTable('ticket').set({ status: 'void' }).where('id', '=', tickets[6]!.id).execute()
  const acts = async () => (await organizer.call('GET', `/api/v2/check-ins?event_id=${id}`)).body.items
  for (const [index, time] of ['17:59:59.999', '18:00:00', '18:14:59', '18:15:00', '18:59:59'].entries()) {
    const at = `2030-01-01 ${time}`
    await writer.updateTable('check_in').set({ at }).where('ticket_id', '=', tickets[index]!.id).execute()
  }
  const [type] = await listTicketTypes(db, id)
  const all = {
    sold: 6,
    admitted: 5,
    inside: 4,
    by_door: [
      { door: 'Utara', admitted: 2 },
      { door: '', admitted: 1 },
      { door: 'Selatan', admitted: 1 },
      { door: 'utara', admitted: 1 },
    ],
    by_type: [{ ticket_type_id: type!.id, name: type!.name, sold: 6, admitted: 5 }],
    by_quarter: [
      { from: '2030-01-01T17:45:00Z', admitted: 1 },
      { from: '2030-01-01T18:00:00Z', admitted: 2 },
      { from: '2030-01-01T18:15:00Z', admitted: 1 },
      { from: '2030-01-01T18:45:00Z', admitted: 1 },
    ],
  }
  assert.deepEqual(await get('check-in-counts'), all)
  const last = (await acts()).find((act: { ticket_id: number }) => act.ticket_id === tickets[4]!.id)
  assert.equal((await organizer.call('POST', `/api/v2/check-ins/${last.id}/undo`)).status, 200)
  assert.deepEqual(await get('check-in-counts'), {
    ...all,
    admitted: 4,
    inside: 3,
    by_door: all.by_door.filter(({ door }) => door !== ''),
    by_type: [{ ...all.by_type[0], admitted: 4 }],
    by_quarter: all.by_quarter.slice(0, 3),
  })
})

test('of an event where nobody has come yet, and of none', async () => {
  const { id, get } = await aHall()
  const [type] = await listTicketTypes(db, id)
  assert.deepEqual(await get('check-in-counts'), {
    sold: 0,
    admitted: 0,
    inside: 0,
    by_door: [],
    by_type: [{ ticket_type_id: type!.id, name: type!.name, sold: 0, admitted: 0 }],
    by_quarter: [],
  })
  for (const path of ['check-in-counts', 'check-in-list']) {
    const { status, body } = await organizer.call('GET', `/api/v2/events/999999999/${path}`)
    assert.deepEqual([status, body.code], [404, 'event_not_found'])
  }
})

test('who asks at once is answered at once, each for their event', async () => {
  const [one, other] = [await aHall('A'), await aHall('A', 'B')]
  const answers = await Promise.all([one, other, one, other].map(({ get }) => get('check-in-counts')))
  assert.deepEqual(
    answers.map(({ sold }) => sold),
    [1, 2, 1, 2],
  )
})

test('a key that reads sees the guest list, one for doors alone does not', async () => {
  const { id } = await aHall()
  for (const [scope, status] of [
    ['read', 200],
    ['check-in', 403],
  ] as const) {
    const headers = bearer(await anApiKey(deps, organizer.id, [scope]))
    assert.equal((await started.call('GET', `/api/v2/events/${id}/check-in-list`, undefined, headers)).status, status)
  }
})
