import type { Insertable, Selectable } from 'kysely'
import type { Db, Tx } from '../../db/database.ts'
import { leavingWhatIsThere } from '../../db/insert-once.ts'
import type { MailTable } from '../../db/schema.ts'

export type MailRow = Selectable<MailTable>

/** One that is there already is left as it is. */
export async function insertMails(tx: Tx, mails: readonly Insertable<MailTable>[]): Promise<void> {
  await leavingWhatIsThere(tx, tx.insertInto('mail').values(mails)).execute()
}

/** By their keys, in any order. */
export async function listMailsByKeys(db: Db, keys: readonly string[]): Promise<Pick<MailRow, 'id' | 'dedup_key'>[]> {
  return db.selectFrom('mail').select(['id', 'dedup_key']).where('dedup_key', 'in', keys).execute()
}
