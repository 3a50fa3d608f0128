import type { Database } from '../../db/database.ts'
import { inTransaction } from '../../db/transaction.ts'
import { toTimestamp } from '../../lib/time.ts'

const removed_max = 200

/** Removes sessions and links that have run out, a bounded number of them, and returns how many. */
export async function removeOldSessions(database: Database, now: Date): Promise<number> {
  const at = toTimestamp(now)
  return inTransaction(database, async (tx) => {
    const sessions = await tx
      .selectFrom('session')
      .select('id')
      .where('expires_at', '<', at)
      .orderBy('expires_at')
      .limit(removed_max)
      .execute()
    const ids = sessions.map(({ id }) => id)
    if (ids.length > 0) {
      await tx.deleteFrom('refresh_token').where('session_id', 'in', ids).execute()
      await tx.deleteFrom('session').where('id', 'in', ids).execute()
    }
    const { numDeletedRows } = await tx.deleteFrom('password_reset').where('expires_at', '<', at).executeTakeFirst()
    return ids.length + Number(numDeletedRows)
  })
}
