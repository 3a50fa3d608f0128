import type { Database, Tx } from '../../db/database.ts'
import { inTransaction } from '../../db/transaction.ts'
import { toTimestamp, type Timestamp } from '../../lib/time.ts'

const batch_max = 500

/** Forgets what happened more than `kept_days` ago, a bounded number of entries, and returns how many. 0 days: keeps all. */
export async function removeOldEntries(database: Database, now: Date, kept_days: number): Promise<number> {
  if (kept_days === 0) return 0
  const before = toTimestamp(new Date(now.getTime() - kept_days * 86_400_000))
  return inTransaction(database, (tx) => deleteOldEntries(tx, before, batch_max))
}

/** Of the first that were written: they have no index by time, and their ids grow with it. */
export async function deleteOldEntries(tx: Tx, before: Timestamp, limit: number): Promise<number> {
  const first = await tx
    .selectFrom('audit_entry')
    .select(['id', 'at'])
    .where('id', '>', 0)
    .orderBy('id')
    .limit(limit)
    .execute()
  const ids = first.filter(({ at }) => at < before).map(({ id }) => id)
  if (ids.length === 0) return 0
  const { numDeletedRows } = await tx.deleteFrom('audit_entry').where('id', 'in', ids).executeTakeFirst()
  return Number(numDeletedRows)
}
