import type { Insertable } from 'kysely'
import type { Db, Tx } from '../../db/database.ts'
import type { Dialect } from '../../db/dialect.ts'
import type { TicketTransferTable } from '../../db/schema.ts'
import type { Timestamp } from '../../lib/time.ts'
import type { Transfer } from './transfer.ts'

export async function findTransfer(db: Db, id: number): Promise<Transfer | undefined> {
  return db.selectFrom('ticket_transfer').selectAll().where('id', '=', id).executeTakeFirst()
}

/** The offer, as it is until this transaction ends. Its ticket is locked before. */
export async function findTransferLocked(tx: Tx, dialect: Dialect, id: number): Promise<Transfer | undefined> {
  return tx
    .selectFrom('ticket_transfer')
    .selectAll()
    .where('id', '=', id)
    .$if(dialect.locksRows, (query) => query.forUpdate())
    .executeTakeFirst()
}

/** All offers of a ticket, the latest first; there are as many as a ticket may have. */
export async function listTransfersOf(db: Db, ticketId: number): Promise<Transfer[]> {
  return db.selectFrom('ticket_transfer').selectAll().where('ticket_id', '=', ticketId).orderBy('id', 'desc').execute()
}

export async function insertTransfer(tx: Tx, transfer: Insertable<TicketTransferTable>): Promise<number> {
  const { insertId } = await tx.insertInto('ticket_transfer').values(transfer).executeTakeFirstOrThrow()
  return Number(insertId)
}

export async function updateTransferStatus(
  tx: Tx,
  id: number,
  status: Transfer['status'],
  at: Timestamp,
): Promise<void> {
  await tx.updateTable('ticket_transfer').set({ status, updated_at: at }).where('id', '=', id).execute()
}

/** Withdraws what is open of this ticket's offers. The ticket is locked. */
export async function withdrawOpenTransfers(tx: Tx, ticketId: number, at: Timestamp): Promise<void> {
  await tx
    .updateTable('ticket_transfer')
    .set({ status: 'withdrawn', updated_at: at })
    .where('ticket_id', '=', ticketId)
    .where('status', '=', 'offered')
    .execute()
}

/** Also of a type that is on sale no more. */
export async function findTypeName(db: Db, ticketTypeId: number): Promise<string> {
  const { name } = await db
    .selectFrom('ticket_type')
    .select('name')
    .where('id', '=', ticketTypeId)
    .executeTakeFirstOrThrow()
  return name
}
