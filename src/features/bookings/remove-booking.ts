import type { Tx } from '../../db/database.ts'
import { inTransaction } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import { isOrganizerOf, type Caller } from '../../lib/caller.ts'
import { DomainError } from '../../lib/errors.ts'
import { toTimestamp } from '../../lib/time.ts'
import { record } from '../audit/record.ts'
import type { Keep } from '../idempotency/idempotency.ts'
import { changeSeats } from '../events/change-seats.ts'
import { findUserLocked } from '../users/users.sql.ts'
import type { Booking } from './booking.ts'
import { findBooking, findBookingLocked, hasUsedTickets, lockEvents, setBookingDeleted } from './bookings.sql.ts'

/**
 * Deletes a booking: it and its tickets are gone from every answer, and its seats go back on sale.
 *
 * @throws DomainError `booking_not_found`, `booking_has_used_tickets`
 */
export async function removeBooking(deps: Deps, caller: Caller, id: number): Promise<void> {
  const at = toTimestamp(deps.now())
  await inTransaction(deps.database, async (tx) => {
    const booking = await lockedBooking(tx, deps, id)
    if (!booking || booking.deleted_at || !isOrganizerOf(caller, booking.organizer_id)) {
      throw new DomainError('booking_not_found')
    }
    const { event_id, organizer_id, quantity } = booking
    // Hidden before it is asked who has come in: the doors either see it hidden, or have made it used already.
    await setBookingDeleted(tx, id, at, at)
    if (await hasUsedTickets(tx, deps.database.dialect, id)) throw new DomainError('booking_has_used_tickets')
    await changeSeats(tx, event_id, quantity, at)
    await record(tx, caller, at, { action: 'booking_deleted', entity: 'booking', entity_id: id, organizer_id })
  })
}

/**
 * Brings a deleted booking back, if its event still has the seats.
 *
 * @throws DomainError `nothing_to_restore`, `customer_not_found` or `event_not_found` if those are deleted, too,
 *   `not_a_customer`, `not_enough_seats`
 */
export async function restoreBooking(deps: Deps, caller: Caller, id: number, keep?: Keep<Booking>): Promise<Booking> {
  const at = toTimestamp(deps.now())
  return inTransaction(deps.database, async (tx) => {
    const booking = await lockedBooking(tx, deps, id)
    if (!booking?.deleted_at) throw new DomainError('nothing_to_restore')
    const { customer_id, event_id, organizer_id, quantity } = booking
    const customer = await findUserLocked(tx, deps.database.dialect, customer_id)
    if (!customer || customer.deleted_at) throw new DomainError('customer_not_found')
    if (customer.role !== 'customer') throw new DomainError('not_a_customer')
    await changeSeats(tx, event_id, -quantity, at)
    await setBookingDeleted(tx, id, null, at)
    await record(tx, caller, at, { action: 'booking_restored', entity: 'booking', entity_id: id, organizer_id })
    const restored = (await findBooking(tx, id))!
    await keep?.(tx, restored)
    return restored
  })
}

/** The booking, with its event locked: a booking never changes its event, so it is read to know what to lock. */
async function lockedBooking(tx: Tx, deps: Deps, id: number): Promise<Booking | undefined> {
  const event = await tx.selectFrom('booking').select('event_id').where('id', '=', id).executeTakeFirst()
  if (!event) return undefined
  await lockEvents(tx, deps.database.dialect, [event.event_id])
  return findBookingLocked(tx, deps.database.dialect, id)
}
