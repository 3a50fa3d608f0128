import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { assertBooksBalance } from '../support/books.ts'
import { raceGround } from './race-ground.ts'

const { database, make, call, post, close } = await raceGround()
after(close)

test('bookings against a capacity that goes up and down: no seat is lost or sold twice', async () => {
  const event = await make.anEvent({ capacity: 60 })
  const customer = await make.aCustomer()
  const bookings = Array.from({ length: 150 }, (_, n) =>
    post(n, '/bookings', { customer_id: customer.id, event_id: event.id, quantity: 1 + (n % 2) }),
  )
  const changes = Array.from({ length: 40 }, (_, n) =>
    call(n, 'PUT', `/events/${event.id}`, { title: `T${n}`, location: 'L', capacity: 30 + ((n * 37) % 90) }),
  )
  const booked = await Promise.all(bookings)
  const changed = await Promise.all(changes)
  for (const { status, body } of booked) assert.ok([201, 409].includes(status), JSON.stringify(body))
  for (const { status, body } of changed) {
    if (status !== 200)
      assert.deepEqual([status, body.error], [400, 'cannot reduce capacity below already booked seats'])
  }
  assert.ok(booked.some(({ status }) => status === 201))
  assert.ok(changed.some(({ status }) => status === 200))
  await assertBooksBalance(database.db)
  const sold = booked.reduce((sum, { status, body }) => sum + (status === 201 ? body.data.quantity : 0), 0)
  const { capacity, available_seat } = (await call(0, 'GET', `/events/${event.id}`)).body.data
  assert.equal(capacity - available_seat, sold)
})

test('the price that is charged is one that the event had, whole', async () => {
  const event = await make.anEvent({ capacity: 200, price: 1_000 })
  const customer = await make.aCustomer()
  const [booked] = await Promise.all([
    Promise.all(
      Array.from({ length: 60 }, (_, n) =>
        post(n, '/bookings', { customer_id: customer.id, event_id: event.id, quantity: 3 }),
      ),
    ),
    Promise.all(
      [2_000, 3_000, 4_000].map((price, n) =>
        call(n, 'PUT', `/events/${event.id}`, { title: 'T', location: 'L', price }),
      ),
    ),
  ])
  for (const { body } of booked) assert.ok([3_000, 6_000, 9_000, 12_000].includes(body.data.total_price))
  await assertBooksBalance(database.db)
})
