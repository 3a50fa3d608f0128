import { inTransaction, reading } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import { seesAll, system, type Caller } from '../../lib/caller.ts'
import { DomainError } from '../../lib/errors.ts'
import { count, eventLabel } from '../../lib/metrics.ts'
import { addSeconds, toTimestamp } from '../../lib/time.ts'
import { record } from '../audit/record.ts'
import { becomeRefunded } from '../bookings/become-refunded.ts'
import { lockBooking } from '../bookings/lock-booking.ts'
import type { Keep } from '../idempotency/idempotency.ts'
import { mailOf } from '../mail/mail-bookings.ts'
import { putMail } from '../mail/put-mail.ts'
import { postRefundByHand, postRefundDone } from '../ledger/post.ts'
import { findPayment, type Payment } from './payments.sql.ts'
import { ProviderError, type Refunded, type RefundOrder } from './providers/provider.ts'
import { findRefund, findRefundLocked, updateRefund, type Refund } from './refunds.sql.ts'
import type { Selling } from './selling.ts'

const note_length_max = 500
const check_s = 10 * 60

/**
 * Has a provider pay back, under the refund's own key: however often it is asked, it pays once. What it can't pay back
 * waits for a person.
 *
 * @throws ProviderError when its answer is not known: to be tried again
 */
export async function sendRefund(deps: Deps, selling: Selling, refundId: number): Promise<void> {
  const refund = await reading(deps.database, (db) => findRefund(db, refundId))
  if (refund?.status !== 'due') return
  const payment = (await reading(deps.database, (db) => findPayment(db, refund.payment_id)))!
  const provider = selling.providers.get(payment.provider)
  if (!provider) {
    return applyRefunded(deps, payment, refund, {
      state: 'by_hand',
      note: `${payment.provider} is not set up any more`,
    })
  }
  try {
    await applyRefunded(deps, payment, refund, await provider.refund(orderOf(payment, refund)))
  } catch (error) {
    if (!(error instanceof ProviderError) || error.kind === 'unknown') throw error
    await applyRefunded(deps, payment, refund, { state: 'failed', note: error.message })
  }
}

/** Asks about a refund that a provider has taken on and not finished. */
export async function checkRefund(deps: Deps, selling: Selling, refund: Refund): Promise<void> {
  if (refund.status !== 'sent') return
  const payment = (await reading(deps.database, (db) => findPayment(db, refund.payment_id)))!
  const found = await selling.providers
    .get(payment.provider)
    ?.findRefund({ ...orderOf(payment, refund), reference: refund.reference })
  if (found) await applyRefunded(deps, payment, refund, found)
}

/**
 * A person has paid back what the provider could not.
 *
 * @throws DomainError `refund_not_found`, `refund_not_by_hand`
 */
export async function completeRefund(
  deps: Deps,
  caller: Caller,
  id: number,
  note: string | undefined,
  keep?: Keep<Refund>,
): Promise<Refund> {
  const refund = await reading(deps.database, (db) => findRefund(db, id))
  const isTheirs =
    refund && (seesAll(caller) || (caller.role === 'organizer' && caller.user_id === refund.organizer_id))
  if (!isTheirs) throw new DomainError('refund_not_found')
  if (refund.status !== 'by_hand') throw new DomainError('refund_not_by_hand')
  const payment = (await reading(deps.database, (db) => findPayment(db, refund.payment_id)))!
  await applyRefunded(deps, payment, refund, { state: 'done', note: note ?? refund.note ?? undefined }, caller, keep)
  return (await reading(deps.database, (db) => findRefund(db, id)))!
}

async function applyRefunded(
  deps: Deps,
  payment: Payment,
  { id, booking_id }: Refund,
  refunded: Refunded,
  caller: Caller = system,
  keep?: Keep<Refund>,
): Promise<void> {
  const at = toTimestamp(deps.now())
  const end = await inTransaction(deps.database, async (tx) => {
    const { booking } = (await lockBooking(tx, deps, booking_id))!
    const refund = (await findRefundLocked(tx, deps.database.dialect, id))!
    // Somebody else was quicker: the worker has nothing to do, a person is told.
    if (refund.status === 'done' && caller === system) return undefined
    if (refund.status === 'done') throw new DomainError('refund_not_by_hand')
    const status = refunded.state === 'failed' ? 'by_hand' : refunded.state
    await updateRefund(tx, id, {
      status,
      reference: refunded.reference ?? refund.reference,
      note: refunded.note?.slice(0, note_length_max) ?? refund.note,
      check_at: status === 'sent' ? addSeconds(at, check_s) : null,
      done_at: status === 'done' ? at : null,
      updated_at: at,
    })
    if (status !== refund.status) {
      await record(tx, caller, at, {
        action: `refund_${status}`,
        entity: 'refund',
        entity_id: id,
        organizer_id: refund.organizer_id,
        became: { booking_id, amount: refund.amount, currency: refund.currency },
      })
    }
    if (status === 'done') {
      // By hand it may be paid for the second time, and is told again.
      const mailKey = caller === system ? `refund ${id} done` : `refund ${id} by hand`
      await putMail(tx, mailOf(booking, { kind: 'booking_refunded', key: mailKey, details: { refund_id: id }, at }))
      const postDone = caller === system ? postRefundDone : postRefundByHand
      await postDone(tx, { refund, provider: payment.provider, booking, at })
      await becomeRefunded(tx, booking_id, at)
    }
    await keep?.(tx, (await findRefund(tx, id))!)
    return status === refund.status ? undefined : { outcome: status, refund, event_id: booking.event_id }
  })
  if (end) {
    const { outcome, refund, event_id } = end
    count('karcis_refunds_total', { provider: payment.provider, outcome })
    if (outcome === 'done') {
      const labels = { currency: refund.currency, event: eventLabel(event_id) }
      count('karcis_refunded_minor_units_total', labels, refund.amount)
    }
  }
  deps.wake()
}

export function orderOf(payment: Payment, { refund_key, amount, currency }: Refund): RefundOrder {
  const { attempt_key, reference, charge } = payment
  return { payment: { key: attempt_key, reference, charge }, key: refund_key, amount, paid: payment.amount, currency }
}
