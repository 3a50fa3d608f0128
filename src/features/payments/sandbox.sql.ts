import type { Insertable, Selectable } from 'kysely'
import type { Db, Tx } from '../../db/database.ts'
import type { Dialect } from '../../db/dialect.ts'
import type { SandboxPaymentTable, SandboxRefundTable } from '../../db/schema.ts'
import type { Timestamp } from '../../lib/time.ts'

export type SandboxPayment = Selectable<SandboxPaymentTable>

/** What a column of keys can hold. MySQL refuses to compare it with anything but ASCII. */
export const isSandboxKey = (text: string) => /^[\x21-\x7e]{1,64}$/.test(text)

/** Undefined also for what can't be a key at all. */
export async function findSandboxPayment(db: Db, key: string): Promise<SandboxPayment | undefined> {
  if (!isSandboxKey(key)) return undefined
  return db.selectFrom('sandbox_payment').selectAll().where('attempt_key', '=', key).executeTakeFirst()
}

/** The same, as it is until this transaction ends. */
export async function findSandboxPaymentLocked(
  tx: Tx,
  dialect: Dialect,
  key: string,
): Promise<SandboxPayment | undefined> {
  return tx
    .selectFrom('sandbox_payment')
    .selectAll()
    .where('attempt_key', '=', key)
    .$if(dialect.locksRows, (query) => query.forUpdate())
    .executeTakeFirst()
}

export async function insertSandboxPayment(tx: Tx, payment: Insertable<SandboxPaymentTable>): Promise<void> {
  await tx.insertInto('sandbox_payment').values(payment).execute()
}

/**
 * Ends a payment that is open; false if it is not open any more.
 *
 * @param openAt if given, only one whose time has not run out by then
 */
export async function endSandboxPayment(
  tx: Tx,
  key: string,
  { status, paid_at, openAt }: { status: SandboxPayment['status']; paid_at?: Timestamp; openAt?: Timestamp },
): Promise<boolean> {
  if (!isSandboxKey(key)) return false
  let update = tx
    .updateTable('sandbox_payment')
    .set({ status, paid_at: paid_at ?? null })
    .where('attempt_key', '=', key)
    .where('status', '=', 'open')
  if (openAt !== undefined) update = update.where('expires_at', '>', openAt)
  const { numUpdatedRows } = await update.executeTakeFirst()
  return numUpdatedRows === 1n
}

export async function findSandboxRefund(
  db: Db,
  refundKey: string,
): Promise<Selectable<SandboxRefundTable> | undefined> {
  return db.selectFrom('sandbox_refund').selectAll().where('refund_key', '=', refundKey).executeTakeFirst()
}

/** What has gone back of a payment, in minor units. */
export async function findSandboxRefunded(db: Db, key: string): Promise<number> {
  const { sum } = await db
    .selectFrom('sandbox_refund')
    .select(({ fn }) => fn.sum('amount').as('sum'))
    .where('attempt_key', '=', key)
    .executeTakeFirstOrThrow()
  // Of no rows it is null; of some, MySQL gives a text.
  return Number(sum ?? 0)
}

export async function insertSandboxRefund(tx: Tx, refund: Insertable<SandboxRefundTable>): Promise<void> {
  await tx.insertInto('sandbox_refund').values(refund).execute()
}
