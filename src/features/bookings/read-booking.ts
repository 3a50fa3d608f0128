import { reading } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import { maySeeBooking, type Caller } from '../../lib/caller.ts'
import { DomainError } from '../../lib/errors.ts'
import { listTicketsByBookings, type Ticket } from '../tickets/tickets.sql.ts'
import { hasTickets } from './booking-status.ts'
import type { BookedItem, Booking } from './booking.ts'
import { findBooking, listHolds } from './bookings.sql.ts'

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
export async function readItems(deps: Pick<Deps, 'database'>, booking: Booking): Promise<BookedItem[]> {
  return (await readItemsOf(deps, [booking])).get(booking.id)!
}

/** The same for several bookings, by their ids. */
export async function readItemsOf(
  { database }: Pick<Deps, 'database'>,
  bookings: readonly Booking[],
): Promise<Map<number, BookedItem[]>> {
  return reading(database, async (db) => {
    const pending = bookings.filter(({ status }) => !hasTickets(status)).map(({ id }) => id)
    const holds = pending.length > 0 ? await listHolds(db, pending) : []
    const items = new Map(holds.map((hold) => [hold.booking_id, JSON.parse(hold.items) as BookedItem[]]))
    const booked = bookings.map(({ id }) => id).filter((id) => !items.has(id))
    const tickets = booked.length > 0 ? await listTicketsByBookings(db, booked) : []
    const byBooking = Map.groupBy(tickets, ({ booking_id }) => booking_id)
    for (const id of booked) items.set(id, itemsOf(byBooking.get(id) ?? []))
    return items
  })
}

function itemsOf(tickets: readonly Ticket[]): BookedItem[] {
  const inOrder = tickets.toSorted((one, other) => one.id - other.id)
  const alike = Map.groupBy(inOrder, ({ ticket_type_id, price }) => `${ticket_type_id} ${price}`)
  return [...alike.values()].map((some) => ({
    ticket_type_id: some[0]!.ticket_type_id,
    price: some[0]!.price,
    holder_names: some.map(({ holder_name }) => holder_name),
  }))
}
