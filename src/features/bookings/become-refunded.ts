import type { Tx } from '../../db/database.ts'
import type { Timestamp } from '../../lib/time.ts'
import { listRefundsOf } from '../payments/refunds.sql.ts'
import { findBooking } from './bookings.sql.ts'
import { setStatus } from './set-status.ts'

/** Ends a cancelled booking when all of its price is back, whichever came last: the money or a ticket for none. It is locked. */
export async function becomeRefunded(tx: Tx, id: number, at: Timestamp): Promise<void> {
  const booking = await findBooking(tx, id)
  if (booking?.status !== 'cancelled') return
  if (booking.total_price === 0 || booking.refunded !== booking.total_price) return
  const refunds = await listRefundsOf(tx, id)
  if (refunds.every(({ status }) => status === 'done')) await setStatus(tx, booking, 'refunded', at)
}

/** Undoes that when some of the money has come back to its provider. The booking is locked. */
export async function becomeUnrefunded(tx: Tx, id: number, at: Timestamp): Promise<void> {
  const booking = await findBooking(tx, id)
  if (booking?.status === 'refunded') await setStatus(tx, booking, 'cancelled', at)
}
