import type { Selectable } from 'kysely'
import type { Db, Tx } from '../../db/database.ts'
import type { SignatureKeyTable } from '../../db/schema.ts'
import type { Timestamp } from '../../lib/time.ts'

export type SignatureKey = Selectable<SignatureKeyTable>

/** Four a year, so this is more than anybody will ever have. */
const keys_max = 1_000

/** Newest first. */
export async function listSignatureKeys(db: Db): Promise<SignatureKey[]> {
  return db
    .selectFrom('signature_key')
    .selectAll()
    .orderBy('created_at', 'desc')
    .orderBy('id')
    .limit(keys_max)
    .execute()
}

export async function insertSignatureKey(tx: Tx, key: SignatureKey): Promise<void> {
  await tx.insertInto('signature_key').values(key).execute()
}

/** Forgets the secrets of keys made before this moment, and returns how many. */
export async function forgetSecrets(tx: Tx, before: Timestamp): Promise<number> {
  const { numUpdatedRows } = await tx
    .updateTable('signature_key')
    .set({ secret_key: null })
    .where('created_at', '<', before)
    .where('secret_key', 'is not', null)
    .executeTakeFirst()
  return Number(numUpdatedRows)
}
