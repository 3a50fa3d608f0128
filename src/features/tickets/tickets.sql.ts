import type { Selectable } from 'kysely'
import type { Db } from '../../db/database.ts'
import { byId, type Listing, type Order } from '../../db/page-query.ts'
import type { TicketTable } from '../../db/schema.ts'
import type { Timestamp } from '../../lib/time.ts'

export type Ticket = Selectable<TicketTable>

/** A ticket, and whose it is: by its booking. */
export type TicketOfBooking = Ticket & { event_id: number; customer_id: number; organizer_id: number }

const ofBooking = ['booking.event_id', 'booking.customer_id', 'booking.organizer_id'] as const

/** Those of these tickets that exist, in any order. */
export async function listTicketsByIds(db: Db, ids: readonly number[]): Promise<TicketOfBooking[]> {
  return db
    .selectFrom('ticket')
    .innerJoin('booking', 'booking.id', 'ticket.booking_id')
    .selectAll('ticket')
    .select(ofBooking)
    .where('ticket.id', 'in', ids)
    .where('ticket.deleted_at', 'is', null)
    .execute()
}

/** What a list of tickets may be narrowed to. */
export type TicketFilter = {
  customer_id?: number | undefined
  organizer_id?: number | undefined
  /** Of these events; for a member of staff, and for who asks for one event. */
  event_ids?: readonly number[] | undefined
  booking_id?: number | undefined
  status?: Ticket['status'] | undefined
  created_from?: Timestamp | undefined
  created_to?: Timestamp | undefined
}

const ticket = { column: 'ticket.id', field: 'id' }
const booking = { column: 'booking.id', field: 'booking_id' }
const event = { column: 'booking.event_id', field: 'event_id' }

/**
 * The tickets that fit a filter. All of them come by id. Those of one customer, organizer or event are found by
 * their bookings, and come in the order of these, so that no number of tickets makes a page slow; of several
 * events, one event after the other.
 */
export function listTickets(filter: TicketFilter = {}, descending = false): Listing<TicketOfBooking> {
  const { customer_id, organizer_id, event_ids, booking_id, status, created_from, created_to } = filter
  return {
    name: `tickets ${JSON.stringify([filter, descending])}`,
    order: { ...orderOf(filter), descending },
    select(db) {
      let query = db
        .selectFrom('ticket')
        .innerJoin('booking', 'booking.id', 'ticket.booking_id')
        .selectAll('ticket')
        .select(ofBooking)
        .where('ticket.deleted_at', 'is', null)
      if (customer_id !== undefined) query = query.where('booking.customer_id', '=', customer_id)
      if (organizer_id !== undefined) query = query.where('booking.organizer_id', '=', organizer_id)
      if (event_ids) query = query.where('booking.event_id', 'in', event_ids.length > 0 ? event_ids : [0])
      if (booking_id !== undefined) query = query.where('booking.id', '=', booking_id)
      if (status !== undefined) query = query.where('ticket.status', '=', status)
      if (created_from !== undefined) query = query.where('ticket.created_at', '>=', created_from)
      if (created_to !== undefined) query = query.where('ticket.created_at', '<=', created_to)
      return query
    },
  }
}

function orderOf({ customer_id, organizer_id, event_ids, booking_id }: TicketFilter): Order {
  if (booking_id !== undefined) return byId('ticket')
  if (event_ids && event_ids.length > 1) return { columns: [event, booking, ticket] }
  if (customer_id !== undefined || organizer_id !== undefined || event_ids) return { columns: [booking, ticket] }
  return byId('ticket')
}

/** All tickets of a booking; there are as many as its quantity, 1,000 at most. */
export async function listTicketsByBooking(db: Db, bookingId: number): Promise<Ticket[]> {
  return db
    .selectFrom('ticket')
    .selectAll()
    .where('booking_id', '=', bookingId)
    .where('deleted_at', 'is', null)
    .orderBy('id')
    .execute()
}
