import type { Database } from '../../db/database.ts'
import { inTransaction } from '../../db/transaction.ts'
import { toTimestamp } from '../../lib/time.ts'
import { deleteOldChanges } from './live.sql.ts'

/** So long a client may be away and still catch up. */
const kept_minutes = 10
const batch_max = 500

/** Forgets what changed long ago: a bounded number of rows, and returns how many. */
export async function removeOldChanges(database: Database, now: Date): Promise<number> {
  const before = toTimestamp(new Date(now.getTime() - kept_minutes * 60_000))
  return inTransaction(database, (tx) => deleteOldChanges(tx, before, batch_max))
}
