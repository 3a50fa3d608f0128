import assert from 'node:assert/strict'
import type { Db } from '../../src/db/database.ts'

/**
 * The books of every event balance: seats gone = seats booked = tickets issued, each booking has as many tickets
 * as its quantity, and no code stands twice.
 */
export async function assertBooksBalance(db: Db): Promise<void> {
  const events = await db
    .selectFrom('event')
    .select(['id', 'capacity', 'available_seat'])
    .select((eb) => [
      eb
        .selectFrom('booking')
        .whereRef('booking.event_id', '=', 'event.id')
        .where('booking.deleted_at', 'is', null)
        .select(({ fn }) => fn.sum<number | string | null>('quantity').as('sum'))
        .as('booked'),
      eb
        .selectFrom('ticket')
        .innerJoin('booking', 'booking.id', 'ticket.booking_id')
        .whereRef('booking.event_id', '=', 'event.id')
        .where('ticket.deleted_at', 'is', null)
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .as('tickets'),
    ])
    .execute()
  for (const { id, capacity, available_seat, booked, tickets } of events) {
    const gone = capacity - available_seat
    assert.ok(available_seat >= 0 && available_seat <= capacity, `event ${id}: ${available_seat} of ${capacity} left`)
    assert.equal(Number(booked ?? 0), gone, `event ${id}: seats booked and seats gone`)
    assert.equal(Number(tickets), gone, `event ${id}: tickets and seats gone`)
  }
  const unlike = await db
    .selectFrom('booking')
    .leftJoin('ticket', 'ticket.booking_id', 'booking.id')
    .select('booking.id')
    .groupBy(['booking.id', 'booking.quantity'])
    .having(({ fn, eb, ref }) => eb(fn.count('ticket.id'), '!=', ref('booking.quantity')))
    .execute()
  assert.deepEqual(unlike, [], 'bookings with another number of tickets than their quantity')
}
