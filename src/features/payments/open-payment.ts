import { randomBytes } from 'node:crypto'
import { inTransaction, reading } from '../../db/transaction.ts'
import type { ProviderName } from '../../db/schema.ts'
import type { Deps } from '../../deps.ts'
import type { Caller } from '../../lib/caller.ts'
import { DomainError } from '../../lib/errors.ts'
import { count } from '../../lib/metrics.ts'
import { addSeconds, dateOf, toTimestamp } from '../../lib/time.ts'
import { record } from '../audit/record.ts'
import type { Booking } from '../bookings/booking.ts'
import { findBookingLocked } from '../bookings/bookings.sql.ts'
import { lockBooking } from '../bookings/lock-booking.ts'
import { readBooking } from '../bookings/read-booking.ts'
import { findEvent } from '../events/events.sql.ts'
import type { Keep } from '../idempotency/idempotency.ts'
import { putInOutbox } from '../outbox/put.ts'
import { findUser } from '../users/users.sql.ts'
import {
  findPayment,
  findPaymentLocked,
  insertPayment,
  listPaymentsOf,
  updatePayment,
  type Payment,
} from './payments.sql.ts'
import { ProviderError, type Opened, type PaymentProvider } from './providers/provider.ts'
import { takes, type Selling } from './selling.ts'

const attempts_max = 10
const note_length_max = 500
/** When a provider is first asked what became of a payment, unless it tells by itself before. */
const first_check_s = 60

export type PaymentRequest = {
  /** May be left out where there is but one. */
  provider?: ProviderName | undefined
  return_url?: string | undefined
}

/**
 * Opens a payment for a booking at a provider, and says where to pay. One that is open there already is answered again.
 *
 * What the provider is asked is written down first, under a key of its own: when the answer gets lost, the same attempt
 * goes on with the same key, and nobody pays twice for it.
 *
 * @throws DomainError `booking_not_found`, `booking_not_pending`, `provider_not_found`, `total_not_payable`,
 *   `too_many_payments`, `provider_refused`, `provider_unavailable`
 */
export async function openPayment(
  deps: Deps,
  selling: Selling,
  caller: Caller,
  bookingId: number,
  request: PaymentRequest,
  keep?: Keep<Payment>,
): Promise<Payment> {
  const booking = await readBooking(deps, caller, bookingId)
  const provider = providerFor(selling, booking, request.provider)
  const attempt = await beginAttempt(deps, caller, booking.id, provider)
  // Open already: with a key of its own, or none, the request is answered by what there is.
  const opened = attempt.pay_url === null ? await openAt(deps, provider, booking, attempt, request.return_url) : attempt
  if (keep) await inTransaction(deps.database, (tx) => keep(tx, opened))
  return opened
}

function providerFor(
  { providers }: Selling,
  { total_price, currency }: Booking,
  name: ProviderName | undefined,
): PaymentProvider {
  const fitting = [...providers.values()].filter((provider) => takes(provider, total_price, currency))
  const provider = name === undefined ? fitting[0] : providers.get(name)
  if (!provider) throw new DomainError('provider_not_found')
  if (!fitting.includes(provider)) throw new DomainError('total_not_payable')
  return provider
}

/** The attempt that is under way with this provider, or a new one. */
async function beginAttempt(
  deps: Deps,
  caller: Caller,
  bookingId: number,
  { name }: PaymentProvider,
): Promise<Payment> {
  const at = toTimestamp(deps.now())
  return inTransaction(deps.database, async (tx) => {
    const { booking } = (await lockBooking(tx, deps, bookingId)) ?? {}
    if (booking?.status !== 'pending' || booking.expires_at! <= at) throw new DomainError('booking_not_pending')
    const payments = await listPaymentsOf(tx, bookingId)
    const underWay = payments.find((payment) => payment.provider === name && isUnderWay(payment))
    if (underWay) return underWay
    if (payments.length >= attempts_max) throw new DomainError('too_many_payments')
    const id = await insertPayment(tx, {
      booking_id: bookingId,
      provider: name,
      attempt_key: `karcis-${bookingId}-${randomBytes(12).toString('hex')}`,
      amount: booking.total_price,
      currency: booking.currency,
      status: 'opening',
      reference: null,
      charge: null,
      pay_url: null,
      note: null,
      check_at: addSeconds(at, first_check_s),
      paid_at: null,
      created_at: at,
      updated_at: at,
    })
    await record(tx, caller, at, {
      action: 'payment_opened',
      entity: 'payment',
      entity_id: id,
      organizer_id: booking.organizer_id,
      became: { booking_id: bookingId, provider: name, amount: booking.total_price, currency: booking.currency },
    })
    return (await findPayment(tx, id))!
  })
}

/** The remote call, outside any transaction. */
async function openAt(
  deps: Deps,
  provider: PaymentProvider,
  booking: Booking,
  attempt: Payment,
  return_url: string | undefined,
): Promise<Payment> {
  const { event, customer } = await reading(deps.database, async (db) => ({
    event: await findEvent(db, booking.event_id),
    customer: await findUser(db, booking.customer_id),
  }))
  if (!event || !customer) throw new DomainError('booking_not_pending')
  try {
    const page = await provider.open({
      key: attempt.attempt_key,
      amount: attempt.amount,
      currency: attempt.currency,
      description: `${event.title} (${booking.quantity})`,
      customer: { name: customer.name, email: customer.email },
      created_at: dateOf(attempt.created_at),
      expires_at: dateOf(booking.expires_at!),
      return_url,
    })
    const opened = await noteOpened(deps, attempt, page)
    if (!opened) {
      deps.wake()
      throw new DomainError('booking_not_pending')
    }
    count('karcis_payments_total', { provider: provider.name, outcome: 'opened' })
    return opened
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error
    // No answer is none: it may be open there, and is looked for by its key.
    if (error.kind === 'unknown')
      throw new DomainError('provider_unavailable', undefined, { cause: error, retry_after_s: 5 })
    await noteRefused(deps, attempt.id, error.message)
    count('karcis_payments_total', { provider: provider.name, outcome: 'failed' })
    throw new DomainError('provider_refused', undefined, { cause: error })
  }
}

/**
 * Kept unless something else has become known meanwhile: that it is paid, above all. Of two who opened it at once the
 * first is kept, and both are answered by it: a second page at the provider must be shown to nobody.
 *
 * Undefined if the booking has ended meanwhile, or was paid otherwise: its payments may have been closed before there was
 * this one to close, so it is closed now, under a key of its own.
 */
async function noteOpened(
  deps: Deps,
  { id, booking_id }: Payment,
  { reference, pay_url }: Opened,
): Promise<Payment | undefined> {
  const at = toTimestamp(deps.now())
  const { dialect } = deps.database
  return inTransaction(deps.database, async (tx) => {
    const booking = await findBookingLocked(tx, dialect, booking_id)
    const before = (await findPaymentLocked(tx, dialect, id))!
    const status = isUnderWay(before) ? 'awaiting' : before.status
    if (booking?.status !== 'pending' && before.status !== 'paid') {
      await updatePayment(tx, id, { status, reference: before.reference ?? reference, updated_at: at })
      const closing = { kind: 'close_payment', key: `payment ${id} opened too late`, payload: { payment_id: id }, at }
      await putInOutbox(tx, closing)
      return undefined
    }
    if (before.pay_url !== null) return before
    await updatePayment(tx, id, { status, reference, pay_url, updated_at: at })
    return (await findPayment(tx, id))!
  })
}

/** Unless somebody else has opened it. */
async function noteRefused(deps: Deps, id: number, reason: string): Promise<void> {
  const at = toTimestamp(deps.now())
  await inTransaction(deps.database, async (tx) => {
    const before = (await findPaymentLocked(tx, deps.database.dialect, id))!
    if (before.pay_url !== null) return
    await updatePayment(tx, id, {
      status: isUnderWay(before) ? 'failed' : before.status,
      note: reason.slice(0, note_length_max),
      check_at: null,
      updated_at: at,
    })
  })
}

const isUnderWay = ({ status }: Payment) => status === 'opening' || status === 'awaiting'
