import type { Insertable, Selectable, Updateable } from 'kysely'
import type { Db, Tx } from '../../db/database.ts'
import type { Dialect } from '../../db/dialect.ts'
import { byId, type Listing } from '../../db/page-query.ts'
import type { RefundTable } from '../../db/schema.ts'

export type Refund = Selectable<RefundTable>

export async function findRefund(db: Db, id: number): Promise<Refund | undefined> {
  return db.selectFrom('refund').selectAll().where('id', '=', id).executeTakeFirst()
}

/** As it is until this transaction ends. */
export async function findRefundLocked(tx: Tx, dialect: Dialect, id: number): Promise<Refund | undefined> {
  return tx
    .selectFrom('refund')
    .selectAll()
    .where('id', '=', id)
    .$if(dialect.locksRows, (query) => query.forUpdate())
    .executeTakeFirst()
}

export type RefundFilter = {
  organizer_id?: number | undefined
  booking_id?: number | undefined
  status?: Refund['status'] | undefined
}

/** Newest first. */
export function listRefunds(filter: RefundFilter): Listing<Refund> {
  const { organizer_id, booking_id, status } = filter
  return {
    name: `refunds ${JSON.stringify(filter)}`,
    order: { ...byId('refund'), descending: true },
    select(db) {
      let query = db.selectFrom('refund').selectAll()
      if (organizer_id !== undefined) query = query.where('organizer_id', '=', organizer_id)
      if (booking_id !== undefined) query = query.where('booking_id', '=', booking_id)
      if (status !== undefined) query = query.where('status', '=', status)
      return query
    },
  }
}

/** All refunds of a booking; there are no more than it has tickets, and payments. */
export async function listRefundsOf(db: Db, bookingId: number): Promise<Refund[]> {
  return db.selectFrom('refund').selectAll().where('booking_id', '=', bookingId).orderBy('id').execute()
}

/** The same for several bookings. */
export async function listRefundsOfBookings(db: Db, bookingIds: readonly number[]): Promise<Refund[]> {
  return db.selectFrom('refund').selectAll().where('booking_id', 'in', bookingIds).execute()
}

export async function insertRefund(tx: Tx, refund: Insertable<RefundTable>): Promise<number> {
  const { insertId } = await tx.insertInto('refund').values(refund).executeTakeFirstOrThrow()
  return Number(insertId)
}

export async function updateRefund(tx: Tx, id: number, change: Updateable<RefundTable>): Promise<void> {
  await tx.updateTable('refund').set(change).where('id', '=', id).execute()
}
