import type { Db, Tx } from '../../db/database.ts'
import { firstKey } from '../../db/first-key.ts'
import type { Dialect } from '../../db/dialect.ts'
import type { PageStart } from '../../lib/page.ts'
import type { Timestamp } from '../../lib/time.ts'
import type { Booking } from './booking.ts'

export async function findBooking(db: Db, id: number): Promise<Booking | undefined> {
  return db.selectFrom('booking').selectAll().where('id', '=', id).executeTakeFirst()
}

/** One row more than the page holds, if there is one. */
export async function listBookings(db: Db, start: PageStart, limit: number): Promise<Booking[]> {
  const after = await firstKey(db, 'booking', start)
  if (after === undefined) return []
  return db
    .selectFrom('booking')
    .selectAll()
    .where('id', '>', after)
    .orderBy('id')
    .limit(limit + 1)
    .execute()
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
