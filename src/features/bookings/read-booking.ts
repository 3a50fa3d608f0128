import { reading } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import { maySeeBooking, type Caller } from '../../lib/caller.ts'
import { DomainError } from '../../lib/errors.ts'
import { listTicketsByBooking } from '../tickets/tickets.sql.ts'
import { hasTickets } from './booking-status.ts'
import type { BookedItem, Booking } from './booking.ts'
import { findBooking, findHold } from './bookings.sql.ts'

/**
 * A booking that the caller may see.
 *
 * @throws DomainError `booking_not_found`, also for one that is none of the caller's business
 */
export async function readBooking({ database }: Deps, caller: Caller, id: number): Promise<Booking> {
  const booking = await reading(database, (db) => findBooking(db, id))
  if (!booking || !maySeeBooking(caller, booking)) throw new DomainError('booking_not_found')
  return booking
}

/** What was booked: what a hold keeps, also one that has ended, or else what its tickets are. */
export async function readItems({ database }: Deps, booking: Booking): Promise<BookedItem[]> {
  return reading(database, async (db) => {
    const hold = hasTickets(booking.status) ? undefined : await findHold(db, booking.id)
    if (hold) return JSON.parse(hold.items) as BookedItem[]
    const tickets = await listTicketsByBooking(db, booking.id)
    const alike = Map.groupBy(tickets, ({ ticket_type_id, price }) => `${ticket_type_id} ${price}`)
    return [...alike.values()].map((some) => ({
      ticket_type_id: some[0]!.ticket_type_id,
      price: some[0]!.price,
      holder_names: some.map(({ holder_name }) => holder_name),
    }))
  })
}
