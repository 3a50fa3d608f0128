import type { Selectable } from 'kysely'
import { announce } from '../../db/changes.ts'
import type { Db, Tx } from '../../db/database.ts'
import type { Dialect } from '../../db/dialect.ts'
import { byId, type Listing } from '../../db/page-query.ts'
import { readByIds } from '../../db/read-by-ids.ts'
import type { SqlValue } from '../../db/group/group.ts'
import type { HoldTable } from '../../db/schema.ts'
import type { Timestamp } from '../../lib/time.ts'
import type { Ticket } from '../tickets/tickets.sql.ts'
import type { Booking } from './booking.ts'

export async function findBooking(db: Db, id: number): Promise<Booking | undefined> {
  return db.selectFrom('booking').selectAll().where('id', '=', id).where('deleted_at', 'is', null).executeTakeFirst()
}

/** Those of these bookings that exist, in any order. */
export const listBookingsByIds = readByIds<Booking>((db, ids) =>
  db.selectFrom('booking').selectAll().where('id', 'in', ids).where('deleted_at', 'is', null),
)

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
  { id, customer_id, event_id }: Pick<Booking, 'id' | 'customer_id' | 'event_id'>,
  deleted_at: Timestamp | null,
  at: Timestamp,
): Promise<void> {
  announce(tx, at, { events: [event_id], bookings: [[id, customer_id]] })
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

/** The same for several bookings. */
export async function listHolds(db: Db, bookingIds: readonly number[]): Promise<Selectable<HoldTable>[]> {
  return db.selectFrom('hold').selectAll().where('booking_id', 'in', bookingIds).execute()
}

/** Its end: paid or given up. */
export async function deleteHold(tx: Tx, bookingId: number): Promise<void> {
  await tx.deleteFrom('hold').where('booking_id', '=', bookingId).execute()
}

/** Rows of a statement, so that its parameters stay below the databases' limits. */
const rows_max = 500

export async function insertTickets(
  tx: Tx,
  columns: readonly string[],
  tickets: readonly (readonly SqlValue[])[],
): Promise<void> {
  for (let first = 0; first < tickets.length; first += rows_max) {
    const rows = tickets
      .slice(first, first + rows_max)
      .map((values) => Object.fromEntries(columns.map((column, index) => [column, values[index]])))
    await tx
      .insertInto('ticket')
      .values(rows as never)
      .execute()
  }
}

/** Those of these holds whose time is over, as they are until this transaction ends; what another worker has is left out. */
export async function lockEndedHolds(
  tx: Tx,
  dialect: Dialect,
  bookingIds: readonly number[],
  at: Timestamp,
): Promise<Selectable<HoldTable>[]> {
  return tx
    .selectFrom('hold')
    .selectAll()
    .where('booking_id', 'in', bookingIds)
    .where('expires_at', '<=', at)
    .orderBy('booking_id')
    .$if(dialect.locksRows, (query) => query.forUpdate().skipLocked())
    .execute()
}

/** A hold that has ended keeps its items: it may be paid for too late, and be given its seats again. */
export async function endHolds(tx: Tx, bookingIds: readonly number[]): Promise<void> {
  await tx.updateTable('hold').set({ expires_at: null }).where('booking_id', 'in', bookingIds).execute()
}

/** Holds whose time is over, the oldest first; read without a lock, to know what to lock. */
export async function listEndedHolds(
  db: Db,
  at: Timestamp,
  limit: number,
): Promise<{ booking_id: number; event_id: number }[]> {
  return db
    .selectFrom('hold')
    .select(['booking_id', 'event_id'])
    .where('expires_at', '<=', at)
    .orderBy('expires_at')
    .limit(limit)
    .execute()
}

/** When the next hold ends. */
export async function findNextExpiry(db: Db): Promise<Timestamp | undefined> {
  const row = await db
    .selectFrom('hold')
    .select(({ fn }) => fn.min('expires_at').as('next'))
    .executeTakeFirst()
  return row?.next ?? undefined
}

/** These bookings, in ascending order, as they are until this transaction ends. */
export async function lockBookings(tx: Tx, dialect: Dialect, ids: readonly number[]): Promise<Booking[]> {
  return tx
    .selectFrom('booking')
    .selectAll()
    .where('id', 'in', ids)
    .orderBy('id')
    .$if(dialect.locksRows, (query) => query.forUpdate())
    .execute()
}

/** Keeps this customer's bookings that may still be paid as they are until this transaction ends. */
export async function lockUnpaidBookings(tx: Tx, dialect: Dialect, customerId: number): Promise<void> {
  await tx
    .selectFrom('booking')
    .select('id')
    .where('customer_id', '=', customerId)
    .where('status', 'in', ['pending', 'expired', 'failed'])
    .orderBy('id')
    .$if(dialect.locksRows, (query) => query.forUpdate())
    .execute()
}

/** The tickets of a booking, as they are until this transaction ends. */
export async function lockTickets(tx: Tx, dialect: Dialect, bookingId: number): Promise<Ticket[]> {
  return tx
    .selectFrom('ticket')
    .selectAll()
    .where('booking_id', '=', bookingId)
    .orderBy('id')
    .$if(dialect.locksRows, (query) => query.forUpdate())
    .execute()
}

/** Void tickets admit nobody; their codes stay taken. */
export async function voidTickets(tx: Tx, ids: readonly number[], at: Timestamp): Promise<void> {
  await tx.updateTable('ticket').set({ status: 'void', updated_at: at }).where('id', 'in', ids).execute()
}

/** Bookings are made in the order of their ids, or nearly: the oldest ended holds come first. */
export async function deleteOldHolds(tx: Tx, before: Timestamp, limit: number): Promise<number> {
  const ended = await tx
    .selectFrom('hold')
    .select('booking_id')
    .where('expires_at', 'is', null)
    .orderBy('booking_id')
    .limit(limit)
    .execute()
  const ids = ended.map(({ booking_id }) => booking_id)
  if (ids.length === 0) return 0
  const old = await tx
    .selectFrom('booking')
    .select('id')
    .where('id', 'in', ids)
    .where('expires_at', '<', before)
    .execute()
  if (old.length === 0) return 0
  const { numDeletedRows } = await tx
    .deleteFrom('hold')
    .where(
      'booking_id',
      'in',
      old.map(({ id }) => id),
    ) // prettier-ignore
    .where('expires_at', 'is', null)
    .executeTakeFirst()
  return Number(numDeletedRows)
}
