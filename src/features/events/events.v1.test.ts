import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startApp } from '../../../test/support/app.ts'
import { factories } from '../../../test/support/factories.ts'

let now = new Date('2030-01-01T00:00:00Z')
const { call, deps } = await startApp({ now: () => now })
const { aCustomer, anOrganizer, anEvent, aBooking } = factories(deps)
const organizer = await anOrganizer()

const concert = {
  organizer_id: organizer.id,
  title: 'Konser Rock 2030',
  location: 'Jakarta Stadium',
  capacity: 100,
  price: 500_000,
  date: '2030-12-31T19:00:00+07:00',
}

test('POST /events puts an event on sale with all seats free', async () => {
  const { status, body } = await call('POST', '/api/v1/events', concert)
  assert.deepEqual([status, body.message], [201, 'event created successfully'])
  const { id: _id, ...event } = body.data
  assert.deepEqual(event, {
    ...concert,
    available_seat: 100,
    status: 'available',
    date: '2030-12-31T12:00:00Z',
    created_at: '2030-01-01T00:00:00Z',
    updated_at: '2030-01-01T00:00:00Z',
  })
})

test('an event whose price is left out is free', async () => {
  const { body } = await call('POST', '/events', { ...concert, price: undefined })
  assert.equal(body.data.price, 0)
})

const customer = await aCustomer()
for (const [name, change, status, error] of [
  ['no organizer', { organizer_id: undefined }, 400, 'organizer_id is required'],
  ['organizer 0', { organizer_id: 0 }, 400, 'organizer_id is required'],
  ['an unknown organizer', { organizer_id: 999_999 }, 404, 'organizer not found'],
  ['a customer as organizer', { organizer_id: customer.id }, 403, 'only users with organizer role can manage events'],
  ['no title', { title: undefined }, 400, 'title is required'],
  ['an empty title', { title: '' }, 400, 'title is required'],
  ['a long title', { title: 'x'.repeat(256) }, 400, 'title must be at most 255 characters long'],
  ['no location', { location: undefined }, 400, 'location is required'],
  ['no capacity', { capacity: undefined }, 400, 'capacity must be greater than 0'],
  ['capacity 0', { capacity: 0 }, 400, 'capacity must be greater than 0'],
  ['capacity -1', { capacity: -1 }, 400, 'capacity must be greater than 0'],
  ['capacity 1.5', { capacity: 1.5 }, 400, 'capacity must be an integer'],
  ['a huge capacity', { capacity: 10_000_001 }, 400, 'capacity must be at most 10000000'],
  ['a negative price', { price: -1 }, 400, 'price cannot be negative'],
  ['a huge price', { price: 1e12 + 1 }, 400, 'price must be at most 1000000000000'],
  ['no date', { date: undefined }, 400, 'date is required'],
  ['an impossible date', { date: '2030-02-30T10:00:00Z' }, 400, /^date must be a real date/],
  ['a date without a zone', { date: '2030-02-03T10:00:00' }, 400, /^date must be a real date/],
  ['a date in the past', { date: '2029-12-31T23:59:59Z' }, 400, 'event date must be in the future'],
] as const) {
  test(`POST /events with ${name} is refused`, async () => {
    const answer = await call('POST', '/api/v1/events', { ...concert, ...change })
    assert.equal(answer.status, status, answer.text)
    if (typeof error === 'string') assert.equal(answer.body.error, error)
    else assert.match(answer.body.error, error)
  })
}

test('GET /events/{id} answers the event, 404, or 400', async () => {
  const event = await anEvent()
  const { body } = await call('GET', `/events/${event.id}`)
  assert.equal(body.message, 'event retrieved successfully')
  assert.equal(body.data.id, event.id)
  assert.equal((await call('GET', '/events/999999')).body.error, 'event not found')
  assert.equal((await call('GET', '/events/1e3')).body.error, 'invalid event id')
})

const titled = { title: 'T', location: 'L' }

test('PUT keeps what is left out, the price too, and never moves the organizer', async () => {
  const event = await anEvent({ capacity: 7, price: 9_000 })
  const { status, body } = await call('PUT', `/events/${event.id}`, { ...titled, organizer_id: 999 })
  assert.deepEqual([status, body.message], [200, 'event updated successfully'])
  const { title, location, capacity, price, available_seat, organizer_id } = body.data
  assert.deepEqual(
    { title, location, capacity, price, available_seat, organizer_id },
    { ...titled, capacity: 7, price: 9_000, available_seat: 7, organizer_id: event.organizer_id },
  )
})

for (const [name, change, error] of [
  ['no title', { title: undefined }, 'title is required'],
  ['no location', { location: undefined }, 'location is required'],
  ['capacity 0', { capacity: 0 }, 'capacity must be greater than 0'],
  ['a negative price', { price: -1 }, 'price cannot be negative'],
  ['an unknown status', { status: 'cancelled' }, "invalid status: must be 'available' or 'unavailable'"],
  ['a date in the past', { date: '2029-01-01T00:00:00Z' }, 'event date must be in the future'],
  ['fewer seats than are booked', { capacity: 2 }, 'cannot reduce capacity below already booked seats'],
] as const) {
  test(`PUT /events/{id} with ${name} is 400 and changes nothing`, async () => {
    const { event_id } = await aBooking({ quantity: 3 })
    const before = await call('GET', `/events/${event_id}`)
    const { status, body } = await call('PUT', `/events/${event_id}`, { ...titled, ...change })
    assert.deepEqual([status, body.error], [400, error])
    assert.deepEqual((await call('GET', `/events/${event_id}`)).body, before.body)
  })
}

test('PUT of an unknown event is 404', async () => {
  assert.equal((await call('PUT', '/events/999999', titled)).body.error, 'event not found')
})

test('status follows the seats and the organizer', async () => {
  const { event_id } = await aBooking({ event_id: (await anEvent({ capacity: 2 })).id, quantity: 2 })
  const change = async (more: object) => {
    const { body } = await call('PUT', `/events/${event_id}`, { ...titled, ...more })
    return [body.data.status, body.data.available_seat]
  }
  assert.equal((await call('GET', `/events/${event_id}`)).body.data.status, 'unavailable', 'sold out')
  assert.deepEqual(await change({ status: 'available' }), ['unavailable', 0], 'makes no seats out of nothing')
  assert.deepEqual(await change({ capacity: 5 }), ['available', 3], 'more seats make it available again')
  assert.deepEqual(await change({ status: 'unavailable' }), ['unavailable', 3], 'closed by its organizer')
  assert.deepEqual(await change({ capacity: 9 }), ['unavailable', 7], 'more seats do not open a closed one')
  assert.deepEqual(await change({ status: 'available' }), ['available', 7], 'opened again')
})

test('one who sends back an event that has begun, date and all, may change its title', async () => {
  const event = await anEvent({ date: '2030-01-02T00:00:00Z' })
  now = new Date('2030-01-03T00:00:00Z')
  const { status } = await call('PUT', `/events/${event.id}`, { ...titled, date: '2030-01-02T00:00:00Z' })
  now = new Date('2030-01-01T00:00:00Z')
  assert.equal(status, 200)
})

test('DELETE removes an event without bookings, and keeps one with', async () => {
  const event = await anEvent()
  const { status, body } = await call('DELETE', `/events/${event.id}`)
  assert.deepEqual([status, body], [200, { success: true, message: 'event deleted successfully' }])
  assert.equal((await call('DELETE', `/events/${event.id}`)).body.error, 'event not found')
  const { event_id } = await aBooking()
  const refused = await call('DELETE', `/events/${event_id}`)
  assert.deepEqual([refused.status, refused.body.error], [409, 'cannot delete event with existing bookings'])
})
