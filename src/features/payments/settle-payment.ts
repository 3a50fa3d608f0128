import type { Tx } from '../../db/database.ts'
import { inTransaction } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import { system } from '../../lib/caller.ts'
import { count, eventLabel } from '../../lib/metrics.ts'
import { addSeconds, toTimestamp, type Timestamp } from '../../lib/time.ts'
import { record } from '../audit/record.ts'
import { hasTickets } from '../bookings/booking-status.ts'
import { confirmBooking } from '../bookings/confirm-booking.ts'
import { lockBooking } from '../bookings/lock-booking.ts'
import { postCharge, postUnwanted } from '../ledger/post.ts'
import { putInOutbox } from '../outbox/put.ts'
import { findPaymentLocked, listPaymentsOf, updatePayment, type Payment } from './payments.sql.ts'
import type { Found } from './providers/provider.ts'
import { putRefund } from './put-refund.ts'
import type { Selling } from './selling.ts'

const note_length_max = 500
/** How long after the hold's end a payment is still asked about: some banks take a day to tell. */
const asked_after_s = 2 * 24 * 60 * 60
const check_s_min = 30
const check_s_max = 60 * 60

/**
 * Asks the provider what became of a payment, and does what follows. Whoever asks, and however often, it follows once.
 *
 * @throws ProviderError when the provider can't be asked: to be tried again
 */
export async function settlePayment(deps: Deps, selling: Selling, payment: Payment): Promise<void> {
  if (payment.status === 'paid') return
  const provider = selling.providers.get(payment.provider)
  // One that is not set up any more can't be asked; its payments wait until it is, or for a person.
  const found = await provider?.find({
    key: payment.attempt_key,
    reference: payment.reference,
    charge: payment.charge,
  })
  await applyFound(deps, selling, payment, found)
}

/** What the provider has said is done to the booking, in one transaction. */
export async function applyFound(
  deps: Deps,
  selling: Selling,
  { id, booking_id }: Payment,
  seen: Found | undefined,
): Promise<void> {
  const booking = await deps.database.db
    .selectFrom('booking')
    .select('quantity')
    .where('id', '=', booking_id)
    .executeTakeFirst()
  if (!booking) return
  // Drawn before, since they take a transaction of their own; what is tried again uses the same.
  const ticketIds = seen?.state === 'paid' ? await selling.ticketIds.take(booking.quantity) : []
  const at = toTimestamp(deps.now())
  const end = await inTransaction(deps.database, async (tx) => {
    const locked = await lockBooking(tx, deps, booking_id)
    const payment = await findPaymentLocked(tx, deps.database.dialect, id)
    if (!locked || !payment || payment.status === 'paid') return undefined
    const found = isOfThis(payment, seen) ? seen : undefined
    const known = { reference: found?.reference ?? payment.reference, charge: found?.charge ?? payment.charge }
    if (found?.state !== 'paid') {
      const status = statusAfter(payment, found)
      await updatePayment(tx, id, {
        ...known,
        status,
        note: found?.note?.slice(0, note_length_max) ?? payment.note,
        check_at: nextCheck(payment, status, locked.booking.expires_at, at),
        checks: payment.checks + 1,
        updated_at: at,
      })
      return status === payment.status ? undefined : { payment, locked, outcome: status }
    }
    const { amount, currency } = found
    const fits = amount === payment.amount && currency === payment.currency
    const note = fits ? found.note : `paid ${amount} ${currency} instead of ${payment.amount} ${payment.currency}`
    const paid = { ...known, amount, currency, status: 'paid' as const }
    await updatePayment(tx, id, { ...paid, note: note ?? null, check_at: null, paid_at: at, updated_at: at })
    const isWanted = await applyPaid(tx, deps, { ...selling, ticketIds, fits }, { ...payment, ...paid }, locked, at)
    return { payment, locked, outcome: isWanted ? ('paid' as const) : ('unwanted' as const) }
  })
  if (end) countEnd(end)
  deps.wake()
}

/**
 * A look by our key alone may have seen another page than the one that the customer was sent to since. It says nothing
 * about that one, and must not take its place, unless that is where the money is.
 */
function isOfThis({ reference }: Payment, seen: Found | undefined): boolean {
  return reference === null || seen?.reference === undefined || seen.reference === reference || seen.state === 'paid'
}

function countEnd({
  payment: { provider, amount, currency },
  locked: { booking },
  outcome,
}: {
  payment: Payment
  locked: Locked
  outcome: Payment['status'] | 'unwanted'
}): void {
  count('karcis_payments_total', { provider, outcome })
  if (outcome !== 'paid') return
  const event = eventLabel(booking.event_id)
  count('karcis_takings_minor_units_total', { currency, event }, amount)
  count('karcis_tickets_sold_total', { event }, booking.quantity)
}

type Locked = NonNullable<Awaited<ReturnType<typeof lockBooking>>>

/** Money has come: for tickets, or to go back; whether for tickets. */
async function applyPaid(
  tx: Tx,
  deps: Deps,
  {
    ticketIds,
    fee_basis_points,
    fits,
  }: {
    ticketIds: readonly number[]
    fee_basis_points: number
    /** Whether it is what was asked for. */
    fits: boolean
  },
  payment: Payment,
  locked: Locked,
  at: Timestamp,
): Promise<boolean> {
  const { booking } = locked
  const wasPaidBefore = hasTickets(booking.status)
  const isWanted = fits && (await confirmBooking(tx, deps, locked, ticketIds, at))
  const { provider, amount, currency } = payment
  await record(tx, system, at, {
    action: isWanted ? 'payment_received' : 'payment_unwanted',
    entity: 'payment',
    entity_id: payment.id,
    organizer_id: booking.organizer_id,
    became: { booking_id: booking.id, provider, amount, currency },
  })
  if (isWanted) {
    await postCharge(tx, { payment, booking, fee_basis_points, at })
    await closeOthers(tx, payment, at)
    return true
  }
  await postUnwanted(tx, { payment, booking, at })
  const reason = !fits ? 'wrong_amount' : wasPaidBefore ? 'paid_twice' : 'paid_too_late'
  await putRefund(tx, { payment, booking, amount, reason, at })
  return false
}

/** Other attempts to pay for the same booking are closed at their providers, so that nobody pays twice. */
async function closeOthers(tx: Tx, { id, booking_id }: Payment, at: Timestamp): Promise<void> {
  const others = (await listPaymentsOf(tx, booking_id)).filter((other) => other.id !== id)
  await putClosings(tx, others, at)
}

/** Payments that are not wanted any more are closed at their providers by the worker, if they may still be open there. */
export async function putClosings(tx: Tx, payments: readonly Payment[], at: Timestamp): Promise<void> {
  const open = payments.filter(({ status }) => status !== 'paid' && status !== 'expired' && status !== 'cancelled')
  await putInOutbox(
    tx,
    ...open.map(({ id }) => ({ kind: 'close_payment', key: `payment ${id}`, payload: { payment_id: id }, at })),
  )
}

/** A provider that has never heard of a payment says nothing about one that may still be on its way there. */
function statusAfter({ status }: Payment, found: Found | undefined): Payment['status'] {
  switch (found?.state) {
    case 'awaiting':
      return status === 'opening' ? 'opening' : 'awaiting'
    case 'review':
      return 'review'
    case 'failed':
      return 'failed'
    case 'gone':
      return 'expired'
    default:
      return status
  }
}

/** Less and less often, until long after the hold's end. What is closed for good is not asked about any more. */
function nextCheck(
  { checks, created_at }: Payment,
  status: Payment['status'],
  expires_at: Timestamp | null,
  at: Timestamp,
): Timestamp | null {
  if (status === 'expired' || status === 'cancelled') return null
  if (at > addSeconds(expires_at ?? created_at, asked_after_s)) return null
  return addSeconds(at, Math.min(check_s_max, check_s_min * 2 ** Math.min(checks, 10)))
}
