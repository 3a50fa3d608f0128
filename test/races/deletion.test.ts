import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { assertBooksBalance } from '../support/books.ts'
import { raceGround } from './race-ground.ts'

const { database, make, call, post, close } = await raceGround()
after(close)

test('deletion of an event against its bookings: either it is gone and nobody booked, or it stays', async () => {
  const customer = await make.aCustomer()
  const outcomes = await Promise.all(
    Array.from({ length: 20 }, async (_, n) => {
      const event = await make.anEvent()
      const [deleted, ...booked] = await Promise.all([
        call(n, 'DELETE', `/events/${event.id}`),
        ...[1, 2, 3].map((m) =>
          post(n + m, '/bookings', { customer_id: customer.id, event_id: event.id, quantity: 1 }),
        ),
      ])
      const made = booked.filter(({ status }) => status === 201).length
      assert.ok(deleted.status === 200 ? made === 0 : deleted.status === 409 && made > 0, `${deleted.status}, ${made}`)
      for (const { status, body } of booked)
        if (status !== 201) assert.deepEqual([status, body.error], [404, 'event not found'])
      return deleted.status
    }),
  )
  assert.equal(outcomes.length, 20)
  await assertBooksBalance(database.db)
})

test('deletion of a user against their booking: either they are gone, or they keep it', async () => {
  const event = await make.anEvent({ capacity: 1_000 })
  for (let round = 0; round < 20; round++) {
    const customer = await make.aCustomer()
    const [deleted, ...booked] = await Promise.all([
      call(round, 'DELETE', `/users/${customer.id}`),
      ...[1, 2].map((m) => post(round + m, '/bookings', { customer_id: customer.id, event_id: event.id, quantity: 2 })),
    ])
    const made = booked.filter(({ status }) => status === 201).length
    assert.ok(deleted.status === 200 ? made === 0 : deleted.status === 409 && made > 0, `${deleted.status}, ${made}`)
    for (const { status, body } of booked)
      if (status !== 201) assert.deepEqual([status, body.error], [404, 'customer not found'])
  }
  await assertBooksBalance(database.db)
})

test('deletion of an organizer against their event: either they are gone, or they keep it', async () => {
  for (let round = 0; round < 15; round++) {
    const organizer = await make.anOrganizer()
    const event = {
      organizer_id: organizer.id,
      title: 'T',
      location: 'L',
      capacity: 1,
      price: 0,
      date: '2999-01-01T00:00:00Z',
    }
    const [deleted, created] = await Promise.all([
      call(round, 'DELETE', `/users/${organizer.id}`),
      post(round + 1, '/events', event),
    ])
    assert.deepEqual([deleted.status, created.status], deleted.status === 200 ? [200, 404] : [409, 201])
  }
})
