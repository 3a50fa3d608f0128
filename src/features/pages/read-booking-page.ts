import { inSnapshot } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import type { Language } from '../../lib/language.ts'
import { hasTickets } from '../bookings/booking-status.ts'
import type { BookedItem, Booking } from '../bookings/booking.ts'
import { findBooking, findHold } from '../bookings/bookings.sql.ts'
import type { Event } from '../events/event.ts'
import { findEvent } from '../events/events.sql.ts'
import { listPaymentsOf, type Payment } from '../payments/payments.sql.ts'
import { listRefundsOf, type Refund } from '../payments/refunds.sql.ts'
import { listTicketTypes } from '../ticket-types/ticket-types.sql.ts'
import { listTicketsByBooking, type Ticket } from '../tickets/tickets.sql.ts'
import { findUser } from '../users/users.sql.ts'

export type BookingContents = Readonly<{
  booking: Booking
  event: Event
  /** Names of ticket types, by id. */
  types: ReadonlyMap<number, string>
  /** Of a booking that has no tickets yet. */
  items: readonly BookedItem[]
  tickets: readonly Ticket[]
  payments: readonly Payment[]
  refunds: readonly Refund[]
  customer: string | undefined
  /** The customer's. */
  language: Language | undefined
}>

/** What there is to say about a booking; undefined if it is not there any more. */
export async function readBookingPage({ database }: Deps, bookingId: number): Promise<BookingContents | undefined> {
  return inSnapshot(database, async (db) => {
    const booking = await findBooking(db, bookingId)
    const event = booking && (await findEvent(db, booking.event_id))
    if (!booking || !event) return undefined
    const hold = hasTickets(booking.status) ? undefined : await findHold(db, bookingId)
    const customer = await findUser(db, booking.customer_id)
    const types = await listTicketTypes(db, event.id)
    return {
      booking,
      event,
      types: new Map(types.map(({ id, name }) => [id, name])),
      items: hold ? (JSON.parse(hold.items) as BookedItem[]) : [],
      tickets: await listTicketsByBooking(db, bookingId),
      payments: await listPaymentsOf(db, bookingId),
      refunds: await listRefundsOf(db, bookingId),
      customer: customer?.name,
      language: customer?.language,
    }
  })
}
