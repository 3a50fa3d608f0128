import type { Database } from '../../db/database.ts'
import { inTransaction } from '../../db/transaction.ts'
import { toTimestamp } from '../../lib/time.ts'
import { deleteOldMails } from './mail.sql.ts'

const kept_days = 90
const batch_max = 500

/** Forgets mails that went out, or went nowhere, long ago: a bounded number of them, and returns how many. */
export async function removeOldMails(database: Database, now: Date): Promise<number> {
  const before = toTimestamp(new Date(now.getTime() - kept_days * 86_400_000))
  return inTransaction(database, (tx) => deleteOldMails(tx, before, batch_max))
}
