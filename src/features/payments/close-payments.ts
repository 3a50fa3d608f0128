import type { Tx } from '../../db/database.ts'
import type { Timestamp } from '../../lib/time.ts'
import { putClosings } from './settle-payment.ts'

/**
 * Has the open payments of these bookings closed at their providers. Returns those of the bookings whose last attempt
 * was declined.
 */
export async function closePaymentsOf(tx: Tx, bookingIds: readonly number[], at: Timestamp): Promise<Set<number>> {
  const payments = await tx
    .selectFrom('payment')
    .selectAll()
    .where('booking_id', 'in', bookingIds)
    .orderBy('id')
    .execute()
  const declined = new Set<number>()
  for (const payment of payments) {
    if (payment.status === 'failed') declined.add(payment.booking_id)
    else declined.delete(payment.booking_id)
  }
  await putClosings(tx, payments, at)
  return declined
}
