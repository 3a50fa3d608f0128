import { sql, type Insertable, type Selectable, type Updateable } from 'kysely'
import { announce } from '../../db/changes.ts'
import type { Db, Tx } from '../../db/database.ts'
import type { Dialect } from '../../db/dialect.ts'
import type { Listing } from '../../db/page-query.ts'
import { readByIds } from '../../db/read-by-ids.ts'
import type { EventCancellationTable, EventTable } from '../../db/schema.ts'
import type { Timestamp } from '../../lib/time.ts'
import type { Event, EventStatus } from './event.ts'

export async function findEvent(db: Db, id: number): Promise<Event | undefined> {
  return db.selectFrom('event').selectAll().where('id', '=', id).where('deleted_at', 'is', null).executeTakeFirst()
}

/** The event, deleted or not, as it is until this transaction ends: nobody else sells or changes it meanwhile. */
export async function findEventLocked(tx: Tx, dialect: Dialect, id: number): Promise<Event | undefined> {
  return tx
    .selectFrom('event')
    .selectAll()
    .where('id', '=', id)
    .$if(dialect.locksRows, (query) => query.forUpdate())
    .executeTakeFirst()
}

/** What a list of events may be narrowed to. */
export type EventFilter = {
  /** Words of the title or the place. */
  text?: string | undefined
  location?: string | undefined
  organizer_id?: number | undefined
  status?: EventStatus | undefined
  date_from?: Timestamp | undefined
  date_to?: Timestamp | undefined
  price_min?: number | undefined
  price_max?: number | undefined
}

export type EventSort = 'id' | 'date' | 'price' | 'title'

const columns = {
  id: { column: 'event.id', field: 'id' },
  date: { column: 'event.date', field: 'date', holds: 'moment' },
  price: { column: 'event.price', field: 'price' },
  title: { column: 'event.title', field: 'title', holds: 'text' },
} as const

/** The events that fit a filter. A text is looked for in every row that the other filters leave. */
export function listEvents(filter: EventFilter = {}, sort: EventSort = 'id', descending = false): Listing<Event> {
  const { text, location, organizer_id, status, date_from, date_to, price_min, price_max } = filter
  return {
    name: `events ${JSON.stringify([filter, sort, descending])}`,
    order: { columns: sort === 'id' ? [columns.id] : [columns[sort], columns.id], descending },
    select(db) {
      let query = db.selectFrom('event').selectAll().where('deleted_at', 'is', null)
      if (organizer_id !== undefined) query = query.where('organizer_id', '=', organizer_id)
      if (date_from !== undefined) query = query.where('date', '>=', date_from)
      if (date_to !== undefined) query = query.where('date', '<=', date_to)
      if (price_min !== undefined) query = query.where('price', '>=', price_min)
      if (price_max !== undefined) query = query.where('price', '<=', price_max)
      if (status === 'available') query = query.where('closed', '=', 0).where('available_seat', '>', 0)
      if (status === 'unavailable') {
        query = query.where(({ eb, or }) => or([eb('closed', '=', 1), eb('available_seat', '=', 0)]))
      }
      if (location !== undefined) query = query.where(contains('location', location))
      if (text !== undefined) query = query.where(({ or }) => or([contains('title', text), contains('location', text)]))
      return query
    },
  }
}

/** Whatever its letters' case, as far as the database folds it; a `%` is a `%`. */
function contains(column: 'title' | 'location', text: string) {
  const pattern = `%${text.toLowerCase().replace(/[|%_]/g, '|$&')}%`
  return sql<boolean>`lower(${sql.ref(column)}) like ${pattern} escape '|'`
}

export async function insertEvent(tx: Tx, event: Insertable<EventTable>): Promise<number> {
  const { insertId } = await tx.insertInto('event').values(event).executeTakeFirstOrThrow()
  announce(tx, event.created_at, { events: [Number(insertId)] })
  return Number(insertId)
}

/** Counts as a change of the version. */
export async function updateEvent(
  tx: Tx,
  id: number,
  change: Updateable<EventTable> & { updated_at: Timestamp },
): Promise<void> {
  announce(tx, change.updated_at, { events: [id] })
  await tx
    .updateTable('event')
    .set(({ eb }) => ({ ...change, version: eb('version', '+', 1) }))
    .where('id', '=', id)
    .execute()
}

/** Whether somebody has booked it. To be asked when the event is locked. */
export async function isBooked(tx: Tx, eventId: number): Promise<boolean> {
  const row = await tx
    .selectFrom('booking')
    .select('id')
    .where('event_id', '=', eventId)
    .where('deleted_at', 'is', null)
    .limit(1)
    .executeTakeFirst()
  return row !== undefined
}

/** Those of these events that exist, in any order. */
export const listEventsByIds = readByIds<Event>((db, ids) =>
  db.selectFrom('event').selectAll().where('id', 'in', ids).where('deleted_at', 'is', null),
)

export type EventCancellation = Selectable<EventCancellationTable>

export async function findCancellation(db: Db, eventId: number): Promise<EventCancellation | undefined> {
  return db.selectFrom('event_cancellation').selectAll().where('event_id', '=', eventId).executeTakeFirst()
}

export async function insertCancellation(tx: Tx, cancellation: Insertable<EventCancellationTable>): Promise<void> {
  await tx.insertInto('event_cancellation').values(cancellation).execute()
}

/** @param change.cancelled how many more were cancelled */
export async function updateCancellation(
  tx: Tx,
  eventId: number,
  { cancelled = 0, ...change }: { cancelled?: number; last_booking_id?: number; finished_at?: Timestamp },
): Promise<void> {
  await tx
    .updateTable('event_cancellation')
    .set(({ eb }) => ({ ...change, cancelled: eb('cancelled', '+', cancelled) }))
    .where('event_id', '=', eventId)
    .execute()
}

/** Bookings that have or may get tickets. Once for each event that is cancelled, under its lock. */
export async function countLiveBookings(tx: Tx, eventId: number): Promise<number> {
  const { count } = await tx
    .selectFrom('booking')
    .select(({ fn }) => fn.countAll<number | string>().as('count'))
    .where('event_id', '=', eventId)
    .where('deleted_at', 'is', null)
    .where('status', 'in', ['pending', 'success', 'partially_refunded'])
    .executeTakeFirstOrThrow()
  return Number(count)
}

/** The next bookings of an event, by id. */
export async function listBookingsAfter(db: Db, eventId: number, after: number, limit: number): Promise<number[]> {
  const rows = await db
    .selectFrom('booking')
    .select('id')
    .where('event_id', '=', eventId)
    .where('id', '>', after)
    .orderBy('id')
    .limit(limit)
    .execute()
  return rows.map(({ id }) => id)
}
