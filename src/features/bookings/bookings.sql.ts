import type { Selectable } from 'kysely'
import type { Db, Tx } from '../../db/database.ts'
import type { Dialect } from '../../db/dialect.ts'
import { byId, type Listing } from '../../db/page-query.ts'
import type { HoldTable } from '../../db/schema.ts'
import type { Timestamp } from '../../lib/time.ts'
import type { Booking } from './booking.ts'

export async function findBooking(db: Db, id: number): Promise<Booking | undefined> {
  return db.selectFrom('booking').selectAll().where('id', '=', id).where('deleted_at', 'is', null).executeTakeFirst()
}

/** The booking, deleted or not, as it is until this transaction ends. */
export async function findBookingLocked(tx: Tx, dialect: Dialect, id: number): Promise<Booking | undefined> {
  return tx
    .selectFrom('booking')
    .selectAll()
    .where('id', '=', id)
    .$if(dialect.locksRows, (query) => query.forUpdate())
    .executeTakeFirst()
}

/** What a list of bookings may be narrowed to. */
export type BookingFilter = {
  customer_id?: number | undefined
  event_id?: number | undefined
  organizer_id?: number | undefined
  status?: Booking['status'] | undefined
  created_from?: Timestamp | undefined
  created_to?: Timestamp | undefined
}

/** The bookings that fit a filter, by id. */
export function listBookings(filter: BookingFilter = {}, descending = false): Listing<Booking> {
  const { customer_id, event_id, organizer_id, status, created_from, created_to } = filter
  return {
    name: `bookings ${JSON.stringify([filter, descending])}`,
    order: { ...byId('booking'), descending },
    select(db) {
      let query = db.selectFrom('booking').selectAll().where('deleted_at', 'is', null)
      if (customer_id !== undefined) query = query.where('customer_id', '=', customer_id)
      if (event_id !== undefined) query = query.where('event_id', '=', event_id)
      if (organizer_id !== undefined) query = query.where('organizer_id', '=', organizer_id)
      if (status !== undefined) query = query.where('status', '=', status)
      if (created_from !== undefined) query = query.where('created_at', '>=', created_from)
      if (created_to !== undefined) query = query.where('created_at', '<=', created_to)
      return query
    },
  }
}

/** Hides a booking and its tickets, or shows them again. */
export async function setBookingDeleted(
  tx: Tx,
  id: number,
  deleted_at: Timestamp | null,
  at: Timestamp,
): Promise<void> {
  await tx.updateTable('booking').set({ deleted_at, updated_at: at }).where('id', '=', id).execute()
  await tx.updateTable('ticket').set({ deleted_at }).where('booking_id', '=', id).execute()
}

/** To be asked when its tickets are locked, by having been hidden. */
export async function hasUsedTickets(tx: Tx, dialect: Dialect, bookingId: number): Promise<boolean> {
  const row = await tx
    .selectFrom('ticket')
    .select('id')
    .where('booking_id', '=', bookingId)
    .where('status', '=', 'used')
    .limit(1)
    // A plain read may be older than the lock.
    .$if(dialect.locksRows, (query) => query.forUpdate())
    .executeTakeFirst()
  return row !== undefined
}

/** Waits for the locks of these events, in ascending order, and keeps them until the transaction ends. */
export async function lockEvents(tx: Tx, dialect: Dialect, ids: readonly number[]): Promise<void> {
  await tx
    .selectFrom('event')
    .select('id')
    .where('id', 'in', ids)
    .orderBy('id')
    .$if(dialect.locksRows, (query) => query.forUpdate())
    .execute()
}

/** Stops a group that is still on its way; putting it up twice is fine. */
export async function putUpFence(tx: Tx, id: number, at: Timestamp): Promise<void> {
  const found = await tx.selectFrom('group_fence').select('id').where('id', '=', id).executeTakeFirst()
  if (!found) await tx.insertInto('group_fence').values({ id, created_at: at }).execute()
}

/** The table is almost always empty, so no index is worth its while. */
export async function deleteFences(tx: Tx, before: Timestamp): Promise<number> {
  const { numDeletedRows } = await tx.deleteFrom('group_fence').where('created_at', '<', before).executeTakeFirst()
  return Number(numDeletedRows)
}

export async function findHold(db: Db, bookingId: number): Promise<Selectable<HoldTable> | undefined> {
  return db.selectFrom('hold').selectAll().where('booking_id', '=', bookingId).executeTakeFirst()
}
