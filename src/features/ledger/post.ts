import type { Tx } from '../../db/database.ts'
import type { ProviderName } from '../../db/schema.ts'
import type { Timestamp } from '../../lib/time.ts'
import { feeGivenBack, feeOf } from './fee.ts'
import { causes, customers, fees, organizerAccount, providerAccount } from './ledger.ts'
import { insertLedgerEntries, listCausesOfRefundsDue, listSumsOfCauses } from './ledger.sql.ts'

/** Entries that are written together: debits above 0, credits below, all in one currency's minor units. */
export type Posting = {
  cause: string
  currency: string
  event_id: number
  booking_id: number
  at: Timestamp
  entries: readonly { account: string; amount: number }[]
}

type PostedPayment = { id: number; provider: ProviderName; amount: number; currency: string }
type PostedRefund = { id: number; amount: number; currency: string }
type PostedBooking = { id: number; event_id: number; organizer_id: number }

/**
 * Writes a posting. A cause that was posted before is refused by the unique index: whoever posts has looked under the
 * lock of what it is about, so that is a bug as well.
 *
 * @throws Error if the entries don't add up to 0
 */
export async function post(tx: Tx, posting: Posting): Promise<void> {
  const { cause, currency, event_id, booking_id, at, entries } = posting
  const rest = entries.reduce((sum, { amount }) => sum + BigInt(amount), 0n)
  if (rest !== 0n) throw new Error(`the entries of ${cause} leave ${rest}`)
  const rows = entries
    .filter(({ amount }) => amount !== 0)
    .map(({ account, amount }) => ({ cause, account, amount, currency, event_id, booking_id, at }))
  if (rows.length > 0) await insertLedgerEntries(tx, rows)
}

/** A payment that pays for a booking: it is the organizer's from now on, but for the platform's fee. */
export async function postCharge(
  tx: Tx,
  charge: { payment: PostedPayment; booking: PostedBooking; fee_basis_points: number; at: Timestamp },
): Promise<void> {
  const { payment, booking, fee_basis_points, at } = charge
  const fee = feeOf(payment.amount, fee_basis_points)
  await post(tx, {
    ...about(causes.payment(payment.id), payment, booking, at),
    entries: [
      { account: providerAccount(payment.provider), amount: payment.amount },
      { account: organizerAccount(booking.organizer_id), amount: fee - payment.amount },
      { account: fees, amount: -fee },
    ],
  })
}

/** A payment that came too late, twice, or of another amount: all of it is on its way back. */
export async function postUnwanted(
  tx: Tx,
  { payment, booking, at }: { payment: PostedPayment; booking: PostedBooking; at: Timestamp },
): Promise<void> {
  await post(tx, {
    ...about(causes.payment(payment.id), payment, booking, at),
    entries: [
      { account: providerAccount(payment.provider), amount: payment.amount },
      { account: customers, amount: -payment.amount },
    ],
  })
}

/**
 * A refund of a payment that was charged: taken from the organizer and the platform as the charge was shared between
 * them, rounded by feeGivenBack. The refund's row is there already, and the caller holds the payment's lock: another
 * refund of it at the same time would count from the same sum.
 *
 * Not for a payment that came too late or twice, whose money is on its way back since it was posted.
 *
 * @throws Error if the payment was not charged, or more would go back than was charged
 */
export async function postRefundDue(
  tx: Tx,
  due: { refund: PostedRefund & { payment_id: number }; booking: PostedBooking; at: Timestamp },
): Promise<void> {
  const { refund, booking, at } = due
  const organizer = organizerAccount(booking.organizer_id)
  const credited = await listSumsOfCauses(tx, [causes.payment(refund.payment_id)])
  const before = await listSumsOfCauses(tx, await listCausesOfRefundsDue(tx, refund.payment_id))
  const share = -(credited.get(organizer) ?? 0)
  const fee = -(credited.get(fees) ?? 0)
  const refunded = refund.amount - (before.get(customers) ?? 0)
  if (share <= 0) throw new Error(`payment ${refund.payment_id} of refund ${refund.id} was not charged`)
  if (refunded > share + fee) throw new Error(`refund ${refund.id} gives back more than was charged`)
  const fee_part = feeGivenBack({ amount: share + fee, fee }, refunded) - (before.get(fees) ?? 0)
  await post(tx, {
    ...about(causes.refundDue(refund.id), refund, booking, at),
    entries: [
      { account: organizer, amount: refund.amount - fee_part },
      { account: fees, amount: fee_part },
      { account: customers, amount: -refund.amount },
    ],
  })
}

type PaidOut = { refund: PostedRefund; provider: ProviderName; booking: PostedBooking; at: Timestamp }

/** A refund that the provider has paid out. */
export async function postRefundDone(tx: Tx, done: PaidOut): Promise<void> {
  await postPaidOut(tx, causes.refundDone(done.refund.id), done, done.refund.amount)
}

/** One that a person has, under a cause of its own: the provider may have paid it out before, and taken it back. */
export async function postRefundByHand(tx: Tx, done: PaidOut): Promise<void> {
  await postPaidOut(tx, causes.refundByHand(done.refund.id), done, done.refund.amount)
}

/**
 * A refund that came back to the provider after it was paid out: it is on its way to the customer again. False, and
 * nothing is posted, if the provider has not paid it out, or it has come back before: what a person has paid stays paid.
 */
export async function postRefundReturned(tx: Tx, returned: PaidOut): Promise<boolean> {
  const { id, amount } = returned.refund
  const paid = await listSumsOfCauses(tx, [causes.refundDone(id), causes.refundReturned(id)])
  if ((paid.get(customers) ?? 0) !== amount) return false
  await postPaidOut(tx, causes.refundReturned(id), returned, -amount)
  return true
}

async function postPaidOut(tx: Tx, cause: string, { refund, provider, booking, at }: PaidOut, amount: number) {
  await post(tx, {
    ...about(cause, refund, booking, at),
    entries: [
      { account: customers, amount },
      { account: providerAccount(provider), amount: -amount },
    ],
  })
}

function about(cause: string, { currency }: { currency: string }, booking: PostedBooking, at: Timestamp) {
  return { cause, currency, event_id: booking.event_id, booking_id: booking.id, at }
}
