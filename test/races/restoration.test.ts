import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { openAccounts } from '../../src/features/accounts/accounts.ts'
import { removeBooking, restoreBooking } from '../../src/features/bookings/remove-booking.ts'
import { restoreEvent, removeEvent } from '../../src/features/events/remove-event.ts'
import { removeUser } from '../../src/features/users/remove-user.ts'
import { system } from '../../src/lib/caller.ts'
import { DomainError, type ErrorCode } from '../../src/lib/errors.ts'
import { assertBooksBalance } from '../support/books.ts'
import { testDeps } from '../support/deps.ts'
import { raceGround } from './race-ground.ts'

const { database, make, call, post, close } = await raceGround()
after(close)
const deps = testDeps(database)
const accounts = openAccounts(deps)

/** `done`, or why not; whatever is no refusal fails the test. */
async function outcomeOf(work: Promise<unknown>, ...codes: ErrorCode[]): Promise<string> {
  try {
    await work
    return 'done'
  } catch (error) {
    if (error instanceof DomainError && codes.includes(error.code)) return error.code
    throw error
  }
}

test('bookings deleted and restored while others book: no seat is sold twice, none is lost', async () => {
  const event = await make.anEvent({ capacity: 25 })
  const customer = await make.aCustomer()
  const first = await Promise.all(
    Array.from({ length: 10 }, () => make.aBooking({ event_id: event.id, customer_id: customer.id, quantity: 2 })),
  )
  const [booked] = await Promise.all([
    Promise.all(
      Array.from({ length: 60 }, (_, n) =>
        post(n, '/bookings', { customer_id: customer.id, event_id: event.id, quantity: 1 + (n % 2) }),
      ),
    ),
    ...first.map(async ({ id }) => {
      for (let round = 0; round < 4; round++) {
        await outcomeOf(removeBooking(deps, system, id), 'booking_not_found')
        await outcomeOf(restoreBooking(deps, system, id), 'not_enough_seats')
      }
    }),
  ])
  for (const { status, body } of booked) assert.ok([201, 409].includes(status), JSON.stringify(body))
  assert.ok(booked.some(({ status }) => status === 201))
  await assertBooksBalance(database.db)
})

test('one booking deleted and restored by many at once: each change is made once', async () => {
  const event = await make.anEvent({ capacity: 10 })
  const { id } = await make.aBooking({ event_id: event.id, quantity: 3 })
  const many = (work: () => Promise<unknown>, refusal: ErrorCode) =>
    Promise.all(Array.from({ length: 6 }, () => outcomeOf(work(), refusal)))
  const removed = await many(() => removeBooking(deps, system, id), 'booking_not_found')
  assert.equal(removed.filter((outcome) => outcome === 'done').length, 1)
  await assertBooksBalance(database.db)
  const restored = await many(() => restoreBooking(deps, system, id), 'nothing_to_restore')
  assert.equal(restored.filter((outcome) => outcome === 'done').length, 1)
  await assertBooksBalance(database.db)
})

test('a booking deleted while its tickets are used: either it is gone and nobody came in, or it stays', async () => {
  for (let round = 0; round < 20; round++) {
    const { id } = await make.aBooking({ quantity: 2 })
    const tickets = await database.db.selectFrom('ticket').select('id').where('booking_id', '=', id).execute()
    const [removed, ...uses] = await Promise.all([
      outcomeOf(removeBooking(deps, system, id), 'booking_has_used_tickets'),
      ...tickets.map((ticket, n) => call(round + n, 'PUT', `/tickets/${ticket.id}/use`)),
    ])
    const used = uses.filter(({ status }) => status === 200).length
    for (const { status } of uses) assert.ok([200, 404].includes(status), String(status))
    assert.ok(removed === 'done' ? used === 0 : used > 0, `${removed}, ${used}`)
    const inside = await database.db
      .selectFrom('ticket')
      .select('id')
      .where('booking_id', '=', id)
      .where('status', '=', 'used')
      .where('deleted_at', 'is not', null)
      .execute()
    assert.deepEqual(inside, [], 'used tickets of a deleted booking')
  }
  await assertBooksBalance(database.db)
})

test('a user deleted while their booking is restored: either they are gone, or they have it', async () => {
  for (let round = 0; round < 15; round++) {
    const booking = await make.aBooking()
    await removeBooking(deps, system, booking.id)
    const [removed, restored] = await Promise.all([
      outcomeOf(removeUser(deps, accounts, system, booking.customer_id), 'user_has_bookings'),
      outcomeOf(restoreBooking(deps, system, booking.id), 'customer_not_found'),
    ])
    assert.deepEqual(
      [removed, restored],
      removed === 'done' ? ['done', 'customer_not_found'] : ['user_has_bookings', 'done'],
    )
  }
})

test('an organizer deleted while their event is restored: either they are gone, or they have it', async () => {
  for (let round = 0; round < 15; round++) {
    const event = await make.anEvent()
    await removeEvent(deps, system, event.id)
    const [removed, restored] = await Promise.all([
      outcomeOf(removeUser(deps, accounts, system, event.organizer_id), 'organizer_has_events'),
      outcomeOf(restoreEvent(deps, system, event.id), 'organizer_not_found'),
    ])
    assert.deepEqual(
      [removed, restored],
      removed === 'done' ? ['done', 'organizer_not_found'] : ['organizer_has_events', 'done'],
    )
  }
})

test('an event deleted while a booking of it is restored: either it is gone, or it is booked', async () => {
  for (let round = 0; round < 15; round++) {
    const booking = await make.aBooking()
    await removeBooking(deps, system, booking.id)
    const [removed, restored] = await Promise.all([
      outcomeOf(removeEvent(deps, system, booking.event_id), 'event_has_bookings'),
      outcomeOf(restoreBooking(deps, system, booking.id), 'event_not_found'),
    ])
    assert.deepEqual(
      [removed, restored],
      removed === 'done' ? ['done', 'event_not_found'] : ['event_has_bookings', 'done'],
    )
  }
  await assertBooksBalance(database.db)
})

test('a user deleted while they book, over and over: either they are gone, or they keep their booking', async () => {
  const event = await make.anEvent({ capacity: 1_000 })
  for (let round = 0; round < 20; round++) {
    const { id } = await make.aCustomer()
    const [removed, booked] = await Promise.all([
      outcomeOf(removeUser(deps, accounts, system, id), 'user_has_bookings'),
      post(round, '/bookings', { customer_id: id, event_id: event.id, quantity: 1 }),
    ])
    assert.deepEqual([removed, booked.status], removed === 'done' ? ['done', 404] : ['user_has_bookings', 201])
  }
  await assertBooksBalance(database.db)
})
