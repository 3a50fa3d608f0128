import { inTransaction, reading } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import { system } from '../../lib/caller.ts'
import { count } from '../../lib/metrics.ts'
import { toTimestamp } from '../../lib/time.ts'
import { record } from '../audit/record.ts'
import { becomeUnrefunded } from '../bookings/become-refunded.ts'
import { lockBooking } from '../bookings/lock-booking.ts'
import { postRefundReturned } from '../ledger/post.ts'
import { findPayment, type Payment } from './payments.sql.ts'
import type { Refunded } from './providers/provider.ts'
import { findRefundLocked, updateRefund, type Refund } from './refunds.sql.ts'
import type { Selling } from './selling.ts'
import { orderOf } from './send-refund.ts'

const note_length_max = 500

/**
 * Asks about a refund that was done: the customer's bank may have sent it back since. Then the provider holds the money
 * again, and a person must find another way.
 *
 * @throws ProviderError when the provider can't be asked: to be tried again
 */
export async function recheckRefund(deps: Deps, selling: Selling, refund: Refund): Promise<void> {
  const payment = (await reading(deps.database, (db) => findPayment(db, refund.payment_id)))!
  const found = await selling.providers
    .get(payment.provider)
    ?.findRefund({ ...orderOf(payment, refund), reference: refund.reference })
  if (found?.state === 'failed') await applyReturned(deps, payment, refund, found)
}

async function applyReturned(deps: Deps, payment: Payment, { id, booking_id }: Refund, found: Refunded): Promise<void> {
  const at = toTimestamp(deps.now())
  const isReturned = await inTransaction(deps.database, async (tx) => {
    const { booking } = (await lockBooking(tx, deps, booking_id))!
    const refund = (await findRefundLocked(tx, deps.database.dialect, id))!
    if (refund.status !== 'done') return false
    if (!(await postRefundReturned(tx, { refund, provider: payment.provider, booking, at }))) return false
    await updateRefund(tx, id, {
      status: 'by_hand',
      note: `sent back: ${found.note ?? 'no reason'}`.slice(0, note_length_max),
      done_at: null,
      updated_at: at,
    })
    await record(tx, system, at, {
      action: 'refund_returned',
      entity: 'refund',
      entity_id: id,
      organizer_id: refund.organizer_id,
      became: { booking_id, amount: refund.amount, currency: refund.currency },
    })
    await becomeUnrefunded(tx, booking_id, at)
    return true
  })
  if (isReturned) count('karcis_refunds_total', { provider: payment.provider, outcome: 'by_hand' })
  deps.wake()
}
