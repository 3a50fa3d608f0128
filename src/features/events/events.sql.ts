import type { Insertable, Updateable } from 'kysely'
import type { Db, Tx } from '../../db/database.ts'
import { firstKey } from '../../db/first-key.ts'
import type { Dialect } from '../../db/dialect.ts'
import type { EventTable } from '../../db/schema.ts'
import type { PageStart } from '../../lib/page.ts'
import type { Event } from './event.ts'

export async function findEvent(db: Db, id: number): Promise<Event | undefined> {
  return db.selectFrom('event').selectAll().where('id', '=', id).executeTakeFirst()
}

/** The event as it is until this transaction ends: nobody else sells or changes it meanwhile. */
export async function findEventLocked(tx: Tx, dialect: Dialect, id: number): Promise<Event | undefined> {
  return tx
    .selectFrom('event')
    .selectAll()
    .where('id', '=', id)
    .$if(dialect.locksRows, (query) => query.forUpdate())
    .executeTakeFirst()
}

/** One row more than the page holds, if there is one. */
export async function listEvents(db: Db, start: PageStart, limit: number): Promise<Event[]> {
  const after = await firstKey(db, 'event', start)
  if (after === undefined) return []
  return db
    .selectFrom('event')
    .selectAll()
    .where('id', '>', after)
    .orderBy('id')
    .limit(limit + 1)
    .execute()
}

export async function insertEvent(tx: Tx, event: Insertable<EventTable>): Promise<number> {
  const { insertId } = await tx.insertInto('event').values(event).executeTakeFirstOrThrow()
  return Number(insertId)
}

export async function updateEvent(tx: Tx, id: number, change: Updateable<EventTable>): Promise<void> {
  await tx.updateTable('event').set(change).where('id', '=', id).execute()
}

/** False if there is no such event. The foreign keys keep one that has bookings. */
export async function deleteEvent(tx: Tx, id: number): Promise<boolean> {
  const { numDeletedRows } = await tx.deleteFrom('event').where('id', '=', id).executeTakeFirst()
  return numDeletedRows === 1n
}

/** Those of these events that exist, in any order. */
export async function listEventsByIds(db: Db, ids: readonly number[]): Promise<Event[]> {
  return db.selectFrom('event').selectAll().where('id', 'in', ids).execute()
}
