import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startApp } from '../../../test/support/app.ts'
import { assertBooksBalance } from '../../../test/support/books.ts'
import { factories } from '../../../test/support/factories.ts'
import { people } from '../../../test/support/people.ts'

const started = await startApp({}, { auth: 'on' })
const { deps } = started
const { aBooking, anEvent } = factories(deps)
const { signedIn } = people(started)
const admin = await signedIn('admin')
const organizer = await signedIn('organizer')
const bookings = '/api/v2/bookings'

const idsOf = (body: { items: { id: number }[] }) => body.items.map(({ id }) => id)

test('a customer books for themselves without saying so, and reads the tickets', async () => {
  const customer = await signedIn('customer')
  const { id: event_id } = await anEvent()
  const names = ['Ani', 'Budi', 'Cici']
  const booked = await customer.call('POST', bookings, { event_id, quantity: 3, holder_names: names })
  assert.deepEqual([booked.status, booked.headers['location']], [201, `${bookings}/${booked.body.id}`])
  assert.equal(booked.body.customer_id, customer.id)
  const first = await customer.call('GET', `${bookings}/${booked.body.id}/tickets?limit=2`)
  const link = /^<(.+)>; rel="next"$/.exec(String(first.headers['link']))![1]!
  const second = await customer.call('GET', link)
  const holders = [...first.body.items, ...second.body.items].map((ticket) => ticket.holder_name)
  assert.deepEqual([holders, second.body.next_cursor], [names, null])
  const stranger = await signedIn('customer')
  for (const path of ['', '/tickets']) {
    assert.equal((await stranger.call('GET', `${bookings}/${booked.body.id}${path}`)).body.code, 'booking_not_found')
  }
})

test('each wrong field is named, down to the holder', async () => {
  const customer = await signedIn('customer')
  const wrong = { event_id: 0, quantity: 1.5, holder_names: ['Ani', '', 3], extra: null }
  const { status, body } = await customer.call('POST', bookings, wrong)
  assert.equal(status, 400)
  const pointers = new Set<string>(body.errors.map(({ pointer }: { pointer: string }) => pointer))
  assert.deepEqual([...pointers].toSorted(), ['/event_id', '/extra', '/holder_names/1', '/holder_names/2', '/quantity'])
})

test('no more than twenty wrong fields are named', async () => {
  const customer = await signedIn('customer')
  const { body } = await customer.call('POST', bookings, { holder_names: Array.from({ length: 500 }, () => 1) })
  assert.equal(body.errors.length, 20)
})

test('a booking that is sent again with its key is made once', async () => {
  const customer = await signedIn('customer')
  const { id: event_id } = await anEvent({ capacity: 5 })
  const book = (quantity: number) =>
    customer.call('POST', bookings, { event_id, quantity }, { 'idempotency-key': 'my-booking' })
  const atOnce = await Promise.all([book(2), book(2), book(2)])
  const made = atOnce.filter(({ status }) => status === 201)
  assert.ok(made.length >= 1)
  for (const { status, body } of atOnce) if (status !== 201) assert.equal(body.code, 'idempotency_key_in_use')
  const again = await book(2)
  assert.deepEqual([again.body, again.headers['idempotency-replayed']], [made[0]!.body, 'true'])
  assert.equal((await book(3)).body.code, 'idempotency_key_reused')
  assert.equal((await customer.call('GET', `${bookings}?event_id=${event_id}`)).body.items.length, 1)
  const other = await signedIn('customer')
  const theirs = await other.call('POST', bookings, { event_id, quantity: 1 }, { 'idempotency-key': 'my-booking' })
  assert.equal(theirs.status, 201, 'a key is good for one account')
  await assertBooksBalance(deps.database.db)
})

test('lists hold what is the caller’s, narrowed and in order', async () => {
  const customer = await signedIn('customer')
  const event = await anEvent({ organizer_id: organizer.id })
  const own: number[] = []
  for (const event_id of [event.id, undefined, event.id]) {
    own.push((await aBooking({ customer_id: customer.id, ...(event_id && { event_id }) })).id)
  }
  const foreign = await aBooking({ event_id: event.id })
  const list = async (query: string, who = customer) => idsOf((await who.call('GET', `${bookings}${query}`)).body)
  assert.deepEqual(await list(''), own)
  assert.deepEqual(await list('?sort=-id'), own.toReversed())
  assert.deepEqual(await list(`?event_id=${event.id}`), [own[0], own[2]])
  assert.deepEqual(await list(`?customer_id=${foreign.customer_id}`), [])
  assert.deepEqual(await list('?status=pending'), [])
  assert.deepEqual(await list('?created_from=2999-01-01T00:00:00Z'), [])
  assert.deepEqual(await list('?created_to=2999-01-01T00:00:00Z&status=success'), own)
  assert.deepEqual(await list('', organizer), [own[0], own[2], foreign.id])
  assert.deepEqual(await list(`?customer_id=${customer.id}`, organizer), [own[0], own[2]])
  assert.deepEqual(await list(`?event_id=${event.id}&sort=-id`, admin), [foreign.id, own[2], own[0]])
})

test('a deleted booking is restored while there are seats', async () => {
  const event = await anEvent({ organizer_id: organizer.id, capacity: 2 })
  const { id } = await aBooking({ event_id: event.id, quantity: 2 })
  const restore = (headers = {}) => admin.call('POST', `${bookings}/${id}/restoration`, undefined, headers)
  assert.equal((await restore()).body.code, 'nothing_to_restore')
  assert.equal((await organizer.call('DELETE', `${bookings}/${id}`)).status, 204)
  const other = await aBooking({ event_id: event.id, quantity: 1 })
  assert.equal((await restore()).body.code, 'not_enough_seats')
  assert.equal((await organizer.call('DELETE', `${bookings}/${other.id}`)).status, 204)
  const restored = await restore({ 'idempotency-key': 'restore' })
  assert.deepEqual([restored.status, restored.body.id], [200, id])
  assert.equal((await restore({ 'idempotency-key': 'restore' })).headers['idempotency-replayed'], 'true')
  assert.equal((await admin.call('GET', `${bookings}/${id}/tickets`)).body.items.length, 2)
  await assertBooksBalance(deps.database.db)
})

test('a booking is deleted as it was read, where that is asked for', async () => {
  const { id } = await aBooking({ event_id: (await anEvent({ organizer_id: organizer.id })).id, quantity: 2 })
  const path = `${bookings}/${id}`
  const tag = String((await organizer.call('GET', path)).headers['etag'])
  const remove = (match: string) => organizer.call('DELETE', path, undefined, { 'if-match': match })
  assert.equal((await remove('"1"')).body.code, 'precondition_failed')
  assert.equal((await organizer.call('GET', path)).headers['etag'], tag)
  assert.equal((await remove(tag)).status, 204)
  assert.equal((await remove('*')).body.code, 'booking_not_found')
})

test('a booking whose event is deleted meanwhile is not restored', async () => {
  const event = await anEvent({ organizer_id: organizer.id })
  const { id } = await aBooking({ event_id: event.id })
  assert.equal((await organizer.call('DELETE', `${bookings}/${id}`)).status, 204)
  assert.equal((await organizer.call('DELETE', `/api/v2/events/${event.id}`)).status, 204)
  assert.equal((await admin.call('POST', `${bookings}/${id}/restoration`)).body.code, 'event_not_found')
  await assertBooksBalance(deps.database.db)
})
