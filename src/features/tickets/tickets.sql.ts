import { sql, type Selectable, type Updateable } from 'kysely'
import type { Db, Tx } from '../../db/database.ts'
import type { Dialect } from '../../db/dialect.ts'
import { byId, type Listing } from '../../db/page-query.ts'
import { readByIds } from '../../db/read-by-ids.ts'
import type { TicketTable } from '../../db/schema.ts'
import { no_id } from '../../lib/caller.ts'
import type { Timestamp } from '../../lib/time.ts'

export type Ticket = Selectable<TicketTable>

/** Those of these tickets that exist, in any order. */
export const listTicketsByIds = readByIds<Ticket>((db, ids) =>
  db.selectFrom('ticket').selectAll().where('id', 'in', ids).where('deleted_at', 'is', null),
)

/** The ticket, as it is until this transaction ends: nobody else uses, cancels or hands it over meanwhile. */
export async function findTicketLocked(tx: Tx, dialect: Dialect, id: number): Promise<Ticket | undefined> {
  return tx
    .selectFrom('ticket')
    .selectAll()
    .where('id', '=', id)
    .where('deleted_at', 'is', null)
    .$if(dialect.locksRows, (query) => query.forUpdate())
    .executeTakeFirst()
}

export async function updateTicket(tx: Tx, id: number, values: Updateable<TicketTable>): Promise<void> {
  await tx.updateTable('ticket').set(values).where('id', '=', id).execute()
}

/** Those with these codes, in any order. */
export const listTicketsByCodes = readByIds<Ticket, string>((db, codes) =>
  db.selectFrom('ticket').selectAll().where('ticket_code', 'in', codes).where('deleted_at', 'is', null),
)

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

/** The tickets that fit a filter, by id; those of several events, one event after the other. */
export function listTickets(filter: TicketFilter = {}, descending = false): Listing<Ticket> {
  const { customer_id, organizer_id, event_ids, booking_id, status, created_from, created_to } = filter
  const { columns } = byId('ticket')
  const isMixed = event_ids !== undefined && event_ids.length > 1
  return {
    name: `tickets ${JSON.stringify([filter, descending])}`,
    order: { columns: isMixed ? [{ column: 'ticket.event_id', field: 'event_id' }, ...columns] : columns, descending },
    select(db) {
      let query = db.selectFrom('ticket').selectAll().where('deleted_at', 'is', null)
      if (customer_id !== undefined) query = query.where('customer_id', '=', customer_id)
      if (organizer_id !== undefined) query = query.where('organizer_id', '=', organizer_id)
      if (event_ids) query = query.where('event_id', 'in', event_ids.length > 0 ? event_ids : [no_id])
      if (booking_id !== undefined) query = query.where('booking_id', '=', booking_id)
      if (status !== undefined) query = query.where('status', '=', status)
      if (created_from !== undefined) query = query.where('created_at', '>=', created_from)
      if (created_to !== undefined) query = query.where('created_at', '<=', created_to)
      return query
    },
  }
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

/** All tickets of several bookings. */
export async function listTicketsByBookings(db: Db, bookingIds: readonly number[]): Promise<Ticket[]> {
  return db
    .selectFrom('ticket')
    .selectAll()
    .where('booking_id', 'in', bookingIds)
    .where('deleted_at', 'is', null)
    .execute()
}

/** Of each of these bookings, its first tickets. */
export async function listFirstTickets(db: Db, bookingIds: readonly number[], limit: number): Promise<Ticket[]> {
  return db
    .with('placed', (db) =>
      db
        .selectFrom('ticket')
        .select(['id', sql<number>`row_number() over (partition by booking_id order by id)`.as('place')])
        .where('booking_id', 'in', bookingIds)
        .where('deleted_at', 'is', null),
    )
    .selectFrom('placed')
    .innerJoin('ticket', 'ticket.id', 'placed.id')
    .selectAll('ticket')
    .where('placed.place', '<=', limit)
    .execute()
}
