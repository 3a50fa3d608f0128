import type { Tx } from '../../db/database.ts'
import type { RefundTable } from '../../db/schema.ts'
import type { Timestamp } from '../../lib/time.ts'
import type { Booking } from '../bookings/booking.ts'
import { postRefundDue } from '../ledger/post.ts'
import { putInOutbox } from '../outbox/put.ts'
import type { Payment } from './payments.sql.ts'
import { findRefund, insertRefund } from './refunds.sql.ts'

/**
 * Writes down that money goes back, in the transaction of what it goes back for; the worker sends it. The booking is
 * locked, so that no two refunds count from the same sum.
 *
 * @param due.amount in minor units, above 0
 */
export async function putRefund(
  tx: Tx,
  due: { payment: Payment; booking: Booking; amount: number; reason: RefundTable['reason']; at: Timestamp },
): Promise<void> {
  const { payment, booking, amount, reason, at } = due
  const id = await insertRefund(tx, {
    payment_id: payment.id,
    booking_id: booking.id,
    organizer_id: booking.organizer_id,
    // Letters, digits and hyphens are all that every provider takes.
    refund_key: `${payment.attempt_key}-r${await nextNumber(tx, payment.id)}`,
    amount,
    currency: payment.currency,
    status: 'due',
    reason,
    reference: null,
    note: null,
    check_at: null,
    done_at: null,
    created_at: at,
    updated_at: at,
  })
  // What was never wanted is on its way back by the ledger already.
  if (reason === 'cancelled' || reason === 'event_cancelled') {
    const refund = (await findRefund(tx, id))!
    await postRefundDue(tx, { refund, booking, at })
    await tx
      .updateTable('booking')
      .set(({ eb }) => ({ refunded: eb('refunded', '+', amount), updated_at: at }))
      .where('id', '=', booking.id)
      .execute()
  }
  await putInOutbox(tx, { kind: 'send_refund', key: `refund ${id}`, payload: { refund_id: id }, at })
}

async function nextNumber(tx: Tx, paymentId: number): Promise<number> {
  const { count } = await tx
    .selectFrom('refund')
    .select(({ fn }) => fn.countAll<number | string>().as('count'))
    .where('payment_id', '=', paymentId)
    .executeTakeFirstOrThrow()
  return Number(count) + 1
}
