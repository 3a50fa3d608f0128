import type { Insertable, Selectable, Updateable } from 'kysely'
import type { Db, Tx } from '../../db/database.ts'
import type { Dialect } from '../../db/dialect.ts'
import { byId, type Listing } from '../../db/page-query.ts'
import type { PaymentNoticeTable, PaymentTable, ProviderName } from '../../db/schema.ts'
import type { Timestamp } from '../../lib/time.ts'

export type Payment = Selectable<PaymentTable>
export type PaymentNotice = Selectable<PaymentNoticeTable>

export async function findPayment(db: Db, id: number): Promise<Payment | undefined> {
  return db.selectFrom('payment').selectAll().where('id', '=', id).executeTakeFirst()
}

/** As it is until this transaction ends. */
export async function findPaymentLocked(tx: Tx, dialect: Dialect, id: number): Promise<Payment | undefined> {
  return tx
    .selectFrom('payment')
    .selectAll()
    .where('id', '=', id)
    .$if(dialect.locksRows, (query) => query.forUpdate())
    .executeTakeFirst()
}

export async function findPaymentByKey(
  db: Db,
  provider: ProviderName,
  attemptKey: string,
): Promise<Payment | undefined> {
  return db
    .selectFrom('payment')
    .selectAll()
    .where('attempt_key', '=', attemptKey)
    .where('provider', '=', provider)
    .executeTakeFirst()
}

/** All attempts to pay for a booking; there are few: see `attempts_max` of open-payment.ts. */
export async function listPaymentsOf(db: Db, bookingId: number): Promise<Payment[]> {
  return db.selectFrom('payment').selectAll().where('booking_id', '=', bookingId).orderBy('id').execute()
}

/** The same for several bookings. */
export async function listPaymentsOfBookings(db: Db, bookingIds: readonly number[]): Promise<Payment[]> {
  return db.selectFrom('payment').selectAll().where('booking_id', 'in', bookingIds).execute()
}

/** The payment that paid for a booking: paid, and not on its way back because it was not wanted. */
export async function findCharge(db: Db, bookingId: number): Promise<Payment | undefined> {
  return db
    .selectFrom('payment')
    .selectAll()
    .where('booking_id', '=', bookingId)
    .where('status', '=', 'paid')
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('refund')
            .select('refund.id')
            .whereRef('refund.payment_id', '=', 'payment.id')
            .where('refund.reason', 'in', ['paid_too_late', 'paid_twice', 'wrong_amount']),
        ),
      ),
    )
    .executeTakeFirst()
}

export async function insertPayment(tx: Tx, payment: Insertable<PaymentTable>): Promise<number> {
  const { insertId } = await tx.insertInto('payment').values(payment).executeTakeFirstOrThrow()
  return Number(insertId)
}

export async function updatePayment(tx: Tx, id: number, change: Updateable<PaymentTable>): Promise<void> {
  await tx.updateTable('payment').set(change).where('id', '=', id).execute()
}

export async function findNotice(db: Db, provider: ProviderName, eventKey: string): Promise<PaymentNotice | undefined> {
  return db
    .selectFrom('payment_notice')
    .selectAll()
    .where('provider', '=', provider)
    .where('event_key', '=', eventKey)
    .executeTakeFirst()
}

export async function insertNotice(tx: Tx, notice: Insertable<PaymentNoticeTable>): Promise<number> {
  const { insertId } = await tx.insertInto('payment_notice').values(notice).executeTakeFirstOrThrow()
  return Number(insertId)
}

export async function findNoticeById(db: Db, id: number): Promise<PaymentNotice | undefined> {
  return db.selectFrom('payment_notice').selectAll().where('id', '=', id).executeTakeFirst()
}

/** What a notice said is not needed any more, and may name a person. */
export async function setNoticeApplied(tx: Tx, id: number, at: Timestamp): Promise<void> {
  await tx
    .updateTable('payment_notice')
    .set({ outcome: 'applied', body: '', applied_at: at })
    .where('id', '=', id)
    .execute()
}

/** Newest first. */
export function listNotices(outcome: PaymentNotice['outcome']): Listing<PaymentNotice> {
  return {
    name: `notices ${outcome}`,
    order: { ...byId('payment_notice'), descending: true },
    select: (db) => db.selectFrom('payment_notice').selectAll().where('outcome', '=', outcome),
  }
}
