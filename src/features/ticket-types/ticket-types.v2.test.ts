import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { startApp } from '../../../test/support/app.ts'
import { assertBooksBalance } from '../../../test/support/books.ts'
import { factories } from '../../../test/support/factories.ts'
import { people } from '../../../test/support/people.ts'

const started = await startApp({}, { auth: 'on' })
const { call, deps } = started
const { anEvent } = factories(deps)
const { signedIn } = people(started)
const organizer = await signedIn('organizer')
const customer = await signedIn('customer')
const anOwnEvent = () => anEvent({ organizer_id: organizer.id, capacity: 10 })
const match = { 'if-match': '*' }

const typesOf = async (eventId: number, who = customer) =>
  (await who.call('GET', `/api/v2/events/${eventId}/ticket-types`)).body.items
const add = async (eventId: number, more: object = {}) =>
  (await organizer.call('POST', `/api/v2/events/${eventId}/ticket-types`, { name: 'VIP', price: 90_000, ...more })).body

test('an event begins with one type, which costs what the event does, whichever way that is changed', async () => {
  const event = await anOwnEvent()
  const [first, ...others] = await typesOf(event.id)
  assert.deepEqual([others, first.price, first.capacity, first.available_seat], [[], 50_000, null, 10])
  assert.equal(first.price_text.replace(/\s/, ' '), 'IDR 50,000')
  await organizer.call('PUT', `/events/${event.id}`, { title: 'Konser', location: 'Jakarta', price: 60_000 })
  assert.equal((await typesOf(event.id))[0].price, 60_000)
  await organizer.call('PATCH', `/api/v2/ticket-types/${first.id}`, { price: 70_000 }, match)
  assert.equal((await call('GET', `/events/${event.id}`)).body.data.price, 70_000)
  const { id } = await add(event.id, { position: 0 })
  await organizer.call('PATCH', `/api/v2/ticket-types/${first.id}`, { position: 1 }, match)
  assert.equal((await call('GET', `/events/${event.id}`)).body.data.price, 90_000)
  await organizer.call('DELETE', `/api/v2/ticket-types/${id}`)
  assert.equal((await call('GET', `/events/${event.id}`)).body.data.price, 70_000)
})

test('prices are shown in the language that is asked for', async () => {
  const event = await anOwnEvent()
  const { body } = await call('GET', `/api/v2/events/${event.id}/ticket-types`, undefined, {
    'accept-language': 'id-ID,id;q=0.9,en;q=0.5',
  })
  assert.equal(body.items[0].price_text.replace(/\s/, ' '), 'Rp 50.000')
})

test('a hidden type is shown to the organizer, and to who knows its id', async () => {
  const event = await anOwnEvent()
  const { id } = await add(event.id, { hidden: true })
  const ids = (types: { id: number }[]) => types.map((type) => type.id)
  assert.ok(!ids(await typesOf(event.id)).includes(id))
  assert.ok(ids(await typesOf(event.id, organizer)).includes(id))
  assert.equal((await customer.call('GET', `/api/v2/ticket-types/${id}`)).body.hidden, true)
})

test('a booking of several types has items with their holders, and takes seats of the event and of the types', async () => {
  const event = await anOwnEvent()
  const vip = await add(event.id, { capacity: 3 })
  const [first] = await typesOf(event.id)
  const booked = await customer.call('POST', '/api/v2/bookings', {
    event_id: event.id,
    items: [
      { ticket_type_id: vip.id, quantity: 2, holder_names: ['Ani', 'Budi'] },
      { ticket_type_id: first.id, quantity: 1 },
    ],
  })
  assert.deepEqual([booked.status, booked.body.total_price, booked.body.quantity], [201, 230_000, 3])
  const { items } = (await customer.call('GET', `/api/v2/bookings/${booked.body.id}`)).body
  assert.deepEqual(items, [
    { ticket_type_id: vip.id, price: 90_000, quantity: 2, holder_names: ['Ani', 'Budi'] },
    { ticket_type_id: first.id, price: 50_000, quantity: 1, holder_names: ['Ticket 3'] },
  ])
  const left = await typesOf(event.id)
  assert.deepEqual(new Map(left.map((type: { id: number; available_seat: number }) => [type.id, type.available_seat])), new Map([[first.id, 7], [vip.id, 1]])) // prettier-ignore
  const tooMany = { event_id: event.id, items: [{ ticket_type_id: vip.id, quantity: 2 }] }
  assert.equal((await customer.call('POST', '/api/v2/bookings', tooMany)).body.code, 'not_enough_seats')
  await assertBooksBalance(deps.database.db)
})

test('a type with sold tickets keeps them: its capacity can shrink to them, and it can be deleted', async () => {
  const event = await anOwnEvent()
  const { id } = await add(event.id, { capacity: 5 })
  const items = [{ ticket_type_id: id, quantity: 3 }]
  await customer.call('POST', '/api/v2/bookings', { event_id: event.id, items })
  const patch = async (body: object) => (await organizer.call('PATCH', `/api/v2/ticket-types/${id}`, body, match)).body
  assert.equal((await patch({ capacity: 2 })).code, 'capacity_below_booked_seats')
  assert.equal((await patch({ capacity: 3 })).available_seat, 0)
  const [first] = await typesOf(event.id)
  const given = await organizer.call('PATCH', `/api/v2/ticket-types/${first.id}`, { capacity: 3 }, match)
  assert.equal(given.body.code, 'ticket_type_already_sold')
  assert.equal((await organizer.call('DELETE', `/api/v2/ticket-types/${id}`)).status, 204)
  assert.equal(
    (await customer.call('POST', '/api/v2/bookings', { event_id: event.id, items })).body.code,
    'ticket_type_not_found',
  )
  assert.equal((await organizer.call('DELETE', `/api/v2/ticket-types/${first.id}`)).body.code, 'last_ticket_type')
})

for (const [name, body, code] of [
  ['an empty range', { min_per_booking: 3, max_per_booking: 2 }, 'quantity_range_empty'],
  [
    'a window that ends before it begins',
    { sales_open_at: '2030-01-02T00:00:00Z', sales_close_at: '2030-01-01T00:00:00Z' },
    'sales_window_empty',
  ],
  ['a fraction of money', { price: 1.5 }, 'invalid_request'],
] as const) {
  test(`a type with ${name} is refused`, async () => {
    const event = await anOwnEvent()
    assert.equal((await add(event.id, body)).code, code)
  })
}

for (const [name, body, code] of [
  ['both a quantity and items', { quantity: 1, items: [{ ticket_type_id: 1, quantity: 1 }] }, 'items_or_quantity'],
  ['neither', {}, 'items_or_quantity'],
  ['a type twice', { items: [1, 1].map((id) => ({ ticket_type_id: id, quantity: 1 })) }, 'ticket_type_repeated'],
  ['too many in all', { items: [1, 2].map((id) => ({ ticket_type_id: id, quantity: 600 })) }, 'too_many_tickets'],
] as const) {
  test(`a booking of ${name} is refused`, async () => {
    const event = await anOwnEvent()
    const { body: answer } = await customer.call('POST', '/api/v2/bookings', { event_id: event.id, ...body })
    assert.equal(answer.code, code)
  })
}

test('an event has what is said of it, and version 1 changes none of it', async () => {
  const said = {
    currency: 'USD',
    time_zone: 'Asia/Makassar',
    description: 'Tiga hari',
    categories: ['musik'],
    sales_open_at: '2026-01-01T00:00:00Z',
    sales_close_at: null,
    hold_minutes: 30,
    cancel_until_hours: 24,
    cancel_refund_percent: 90,
  }
  const asked = { title: 'T', location: 'L', capacity: 5, price: 1250, date: '2999-12-31T19:00:00Z', ...said }
  const { body } = await organizer.call('POST', '/api/v2/events', asked)
  for (const [name, value] of Object.entries(said)) assert.deepEqual(body[name], value, name)
  assert.equal(body.price_text, '$12.50')
  const v1 = { title: 'T', location: 'L', currency: 'nonsense', hold_minutes: -1, description: 7 }
  assert.equal((await organizer.call('PUT', `/events/${body.id}`, v1)).status, 200)
  assert.equal((await call('GET', `/api/v2/events/${body.id}`)).body.currency, 'USD')
  await customer.call('POST', '/api/v2/bookings', { event_id: body.id, quantity: 1 })
  const patch = (change: object) => organizer.call('PATCH', `/api/v2/events/${body.id}`, change, match)
  assert.equal((await patch({ currency: 'IDR' })).body.code, 'currency_fixed')
  assert.equal((await patch({ currency: 'XYZ' })).body.errors[0].pointer, '/currency')
  assert.equal((await patch({ time_zone: 'Asia/Atlantis' })).body.errors[0].pointer, '/time_zone')
  assert.equal((await patch({ sales_open_at: null, cancel_until_hours: null })).body.cancel_until_hours, null)
})

test('texts that would not fit into the history, as long as they may be, are kept by their beginning', async () => {
  const long = { title: '\u0001'.repeat(255), location: '\u0002'.repeat(255), description: '\u0003'.repeat(5_000) }
  const categories = Array.from({ length: 10 }, () => '"\u0004'.repeat(25))
  const asked = { ...long, categories, capacity: 5, price: 1, date: '2999-12-31T19:00:00Z' }
  const { status, body } = await organizer.call('POST', '/api/v2/events', asked, { 'idempotency-key': 'long' })
  assert.equal(status, 201)
  const [entry] = (await organizer.call('GET', `/api/v2/audit-entries?entity=event&entity_id=${body.id}`)).body.items
  assert.ok(long.title.startsWith(entry.became.title.replace('…', '')) && entry.became.title.length > 10)
})

test('a seat of a type that was sold and given back is news of it, too', async () => {
  const event = await anOwnEvent()
  const { id } = await add(event.id, { capacity: 5 })
  const path = `/api/v2/ticket-types/${id}`
  const before = await call('GET', path)
  const items = [{ ticket_type_id: id, quantity: 1 }]
  const booking = await customer.call('POST', '/api/v2/bookings', { event_id: event.id, items })
  assert.equal(booking.status, 201)
  // Not in the same millisecond.
  await sleep(2)
  assert.equal((await organizer.call('POST', `/api/v2/bookings/${booking.body.id}/cancellation`, {})).status, 200)
  const again = await call('GET', path, undefined, { 'if-none-match': String(before.headers['etag']) })
  assert.deepEqual([again.status, again.body?.available_seat], [200, 5])
})

test('an answer in another language is another one, and a change is held against the version alone', async () => {
  const event = await anOwnEvent()
  const [{ id }] = await typesOf(event.id)
  for (const path of [`/api/v2/events/${event.id}`, `/api/v2/ticket-types/${id}`]) {
    const read = (language: string, tag?: string) =>
      organizer.call('GET', path, undefined, { 'accept-language': language, ...(tag && { 'if-none-match': tag }) })
    const { headers } = await read('id')
    const tag = headers['etag'] as string
    assert.match(String(headers['vary']), /^accept-language(, authorization)?$/)
    assert.deepEqual([(await read('id', tag)).status, (await read('en', tag)).status], [304, 200])
    assert.equal((await organizer.call('PATCH', path, {}, { 'if-match': tag })).status, 200)
    assert.equal((await organizer.call('PATCH', path, {}, { 'if-match': tag })).status, 412)
    assert.equal((await organizer.call('DELETE', path, undefined, { 'if-match': tag })).status, 412)
  }
})
