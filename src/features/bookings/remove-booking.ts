import type { Tx } from '../../db/database.ts'
import { inTransaction } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import { isOrganizerOf, type Caller } from '../../lib/caller.ts'
import { DomainError } from '../../lib/errors.ts'
import { toTimestamp } from '../../lib/time.ts'
import { record } from '../audit/record.ts'
import type { Keep } from '../idempotency/idempotency.ts'
import { listPaymentsOf } from '../payments/payments.sql.ts'
import { findUserLocked } from '../users/users.sql.ts'
import type { Booking } from './booking.ts'
import { findBooking, hasUsedTickets, lockTickets, setBookingDeleted } from './bookings.sql.ts'
import { lockBooking } from './lock-booking.ts'
import { countSeats, giveBack, takeAgain, type SeatCount } from './seats.ts'

/**
 * Deletes a booking: it and its tickets are gone from every answer, and its seats go back on sale.
 *
 * @throws DomainError `booking_not_found`, `booking_has_payments`, `booking_has_used_tickets`
 */
export async function removeBooking(deps: Deps, caller: Caller, id: number): Promise<void> {
  const at = toTimestamp(deps.now())
  await inTransaction(deps.database, async (tx) => {
    const { booking } = (await lockBooking(tx, deps, id)) ?? {}
    if (!booking || booking.deleted_at || !isOrganizerOf(caller, booking.organizer_id)) {
      throw new DomainError('booking_not_found')
    }
    const { event_id, organizer_id } = booking
    if (booking.status === 'pending' || (await listPaymentsOf(tx, id)).length > 0) {
      throw new DomainError('booking_has_payments')
    }
    // Hidden before it is asked who has come in: the doors either see it hidden, or have made it used already.
    await setBookingDeleted(tx, booking, at, at)
    if (await hasUsedTickets(tx, deps.database.dialect, id)) throw new DomainError('booking_has_used_tickets')
    await giveBack(tx, event_id, await seatsOf(tx, deps, id), at)
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
    const { booking, event } = (await lockBooking(tx, deps, id)) ?? {}
    if (!booking?.deleted_at) throw new DomainError('nothing_to_restore')
    const { customer_id, event_id, organizer_id } = booking
    const customer = await findUserLocked(tx, deps.database.dialect, customer_id)
    if (!customer || customer.deleted_at) throw new DomainError('customer_not_found')
    if (customer.role !== 'customer') throw new DomainError('not_a_customer')
    if (!event || event.deleted_at) throw new DomainError('event_not_found')
    if (event.cancelled_at) throw new DomainError('event_already_cancelled')
    await takeAgain(tx, event_id, await seatsOf(tx, deps, id), at)
    await setBookingDeleted(tx, booking, null, at)
    await record(tx, caller, at, { action: 'booking_restored', entity: 'booking', entity_id: id, organizer_id })
    const restored = (await findBooking(tx, id))!
    await keep?.(tx, restored)
    return restored
  })
}

/** The seats of its tickets that are not void. */
async function seatsOf(tx: Tx, { database }: Deps, id: number): Promise<SeatCount> {
  const tickets = await lockTickets(tx, database.dialect, id)
  const good = tickets.filter(({ status }) => status !== 'void')
  return countSeats(good.map(({ ticket_type_id }) => ({ ticket_type_id, count: 1 })))
}
