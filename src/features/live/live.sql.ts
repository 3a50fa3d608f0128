import type { Db, Tx } from '../../db/database.ts'
import type { LiveChangeTable } from '../../db/schema.ts'
import type { Timestamp } from '../../lib/time.ts'

export type ChangeRow = Omit<LiveChangeTable, 'id'> & { id: number }

const changes = (db: Db) => db.selectFrom('live_change').select(['id', 'what', 'at'])

/** What came after this id, in the order of ids. */
export async function listChangesAfter(db: Db, id: number, limit: number): Promise<ChangeRow[]> {
  return changes(db).where('id', '>', id).orderBy('id').limit(limit).execute()
}

export async function listChangesByIds(db: Db, ids: readonly number[]): Promise<ChangeRow[]> {
  return changes(db).where('id', 'in', ids).orderBy('id').execute()
}

/** The last ones, in the order of ids. */
export async function listLastChanges(db: Db, limit: number): Promise<ChangeRow[]> {
  // The bound says nothing, but SQLite then reads along the key and no plan looks like a scan.
  return (await changes(db).where('id', '>', 0).orderBy('id', 'desc').limit(limit).execute()).toReversed()
}

/** Forgets changes from before this moment, a bounded number of them; returns how many. */
export async function deleteOldChanges(tx: Tx, before: Timestamp, limit: number): Promise<number> {
  const old = await tx
    .selectFrom('live_change')
    .select('id')
    .where('at', '<', before)
    .orderBy('at')
    .limit(limit)
    .execute()
  if (old.length === 0) return 0
  const ids = old.map(({ id }) => id)
  const { numDeletedRows } = await tx.deleteFrom('live_change').where('id', 'in', ids).executeTakeFirst()
  return Number(numDeletedRows)
}
