import type { Tx } from '../../db/database.ts'
import { inTransaction } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import { isOrganizerOf, maySeeBooking, type Caller } from '../../lib/caller.ts'
import { DomainError } from '../../lib/errors.ts'
import { addSeconds, toTimestamp, type Timestamp } from '../../lib/time.ts'
import { record } from '../audit/record.ts'
import type { Event } from '../events/event.ts'
import type { Keep } from '../idempotency/idempotency.ts'
import { mailOf, mailToHolder, type HandedOver } from '../mail/mail-bookings.ts'
import { putMail } from '../mail/put-mail.ts'
import { closePaymentsOf } from '../payments/close-payments.ts'
import { findCharge } from '../payments/payments.sql.ts'
import { putRefund } from '../payments/put-refund.ts'
import { becomeRefunded } from './become-refunded.ts'
import { hasTickets } from './booking-status.ts'
import type { BookedItem, Booking } from './booking.ts'
import { deleteHold, findBooking, findHold, lockTickets, voidTickets } from './bookings.sql.ts'
import { lockBooking } from './lock-booking.ts'
import { countSeats, giveBack } from './seats.ts'
import { setStatus } from './set-status.ts'

/**
 * Cancels a booking, or some of its tickets: seats go back on sale, tickets become void, and what was paid goes back as
 * far as the event's policy says; all of it if the organizer cancels. A pending booking is given up.
 *
 * @param ticketIds left out: all that are good
 * @throws DomainError `booking_not_found`, `booking_not_cancellable`, `cancellation_closed`, `ticket_not_of_booking`,
 *   `booking_has_used_tickets`
 */
export async function cancelBooking(
  deps: Deps,
  caller: Caller,
  id: number,
  ticketIds?: readonly number[],
  keep?: Keep<Booking>,
): Promise<Booking> {
  const at = toTimestamp(deps.now())
  const cancelled = await inTransaction(deps.database, async (tx) => {
    const { booking, event } = (await lockBooking(tx, deps, id)) ?? {}
    if (!booking || !event || booking.deleted_at || !maySeeBooking(caller, booking)) {
      throw new DomainError('booking_not_found')
    }
    const percent = percentFor(caller, event, at)
    let back: Back = { ticket_ids: [], refund: 0, handed_over: [] }
    if (booking.status === 'pending' && !ticketIds) await giveUp(tx, booking, at)
    else if (hasTickets(booking.status)) {
      if (percent === undefined) throw new DomainError('cancellation_closed')
      back = await cancelTickets(tx, deps, booking, { ticketIds, percent, reason: 'cancelled', at })
    } else throw new DomainError('booking_not_cancellable')
    const after = (await findBooking(tx, id))!
    await recordCancellation(tx, caller, booking, after, at)
    const by = isOrganizerOf(caller, booking.organizer_id) ? 'organizer' : 'customer'
    // A ticket ends once, so its id tells this part of the booking from others.
    const key = `booking ${id} cancelled ${back.ticket_ids[0] ?? 'unpaid'}`
    const { ticket_ids, refund } = back
    await putMail(
      tx,
      mailOf(booking, { kind: 'booking_cancelled', key, details: { ticket_ids, refund, by }, at }),
      ...back.handed_over.map((ticket) =>
        mailToHolder(ticket, { kind: 'booking_cancelled', details: { ticket_ids: [ticket.id], refund: 0, by }, at }),
      ),
    )
    await keep?.(tx, after)
    return after
  })
  deps.wake()
  return cancelled
}

/**
 * The same for an event that does not take place: all that is left of a booking, used or not, for all of the price.
 * Does nothing to a booking that has come to its end. Its event is locked by this.
 */
export async function cancelForEvent(
  tx: Tx,
  deps: Deps,
  caller: Caller,
  id: number,
  reason: string | null,
  at: Timestamp,
): Promise<boolean> {
  const { booking } = (await lockBooking(tx, deps, id)) ?? {}
  if (!booking || booking.deleted_at) return false
  let handed_over: Back['handed_over'] = []
  if (booking.status === 'pending') await giveUp(tx, booking, at)
  else if (hasTickets(booking.status)) {
    const what = { evenUsed: true, percent: 100, reason: 'event_cancelled', at } as const
    ;({ handed_over } = await cancelTickets(tx, deps, booking, what))
  } else return false
  await recordCancellation(tx, caller, booking, (await findBooking(tx, id))!, at)
  const key = `booking ${id} event cancelled`
  await putMail(
    tx,
    mailOf(booking, { kind: 'event_cancelled', key, details: { reason }, at }),
    ...handed_over.map((ticket) => mailToHolder(ticket, { kind: 'event_cancelled', details: { reason }, at })),
  )
  return true
}

/** Of the price, what goes back if this one cancels now; undefined if they may not any more. */
export function percentFor(
  caller: Caller,
  event: Pick<Event, 'organizer_id' | 'date' | 'cancel_until_hours' | 'cancel_refund_percent'>,
  at: Timestamp,
): number | undefined {
  if (isOrganizerOf(caller, event.organizer_id)) return 100
  const { cancel_until_hours: hours, date, cancel_refund_percent } = event
  return hours !== null && at <= addSeconds(date, -hours * 3_600) ? cancel_refund_percent : undefined
}

/** What goes back is rounded down to a whole minor unit, here; the platform's fee is in ledger/fee.ts. */
export function refundOf(paid: number, percent: number): number {
  return Number((BigInt(paid) * BigInt(percent)) / 100n)
}

async function giveUp(tx: Tx, booking: Booking, at: Timestamp): Promise<void> {
  const { id, event_id } = booking
  const items = JSON.parse((await findHold(tx, id))!.items) as BookedItem[]
  const counted = items.map(({ ticket_type_id, holder_names }) => ({ ticket_type_id, count: holder_names.length }))
  await deleteHold(tx, id)
  await giveBack(tx, event_id, countSeats(counted), at)
  await setStatus(tx, booking, 'cancelled', at)
  await closePaymentsOf(tx, [id], at)
}

/** Which tickets end, and what goes back for them. */
type Back = { ticket_ids: readonly number[]; refund: number; handed_over: readonly HandedOver[] }

async function cancelTickets(
  tx: Tx,
  { database }: Deps,
  booking: Booking,
  what: {
    ticketIds?: readonly number[] | undefined
    evenUsed?: boolean
    percent: number
    reason: 'cancelled' | 'event_cancelled'
    at: Timestamp
  },
): Promise<Back> {
  const { ticketIds, evenUsed = false, percent, reason, at } = what
  const tickets = await lockTickets(tx, database.dialect, booking.id)
  const good = tickets.filter(({ status }) => status !== 'void')
  const wanted = ticketIds ? tickets.filter(({ id }) => ticketIds.includes(id)) : good
  if (ticketIds && wanted.length < new Set(ticketIds).size) throw new DomainError('ticket_not_of_booking')
  // One that is void already stays so: who cancels twice has cancelled.
  const ending = wanted.filter(({ status }) => status !== 'void')
  if (ending.length === 0) throw new DomainError('booking_not_cancellable')
  if (!evenUsed && ending.some(({ status }) => status === 'used')) throw new DomainError('booking_has_used_tickets')

  await voidTickets(tx, ending.map(({ id }) => id), at) // prettier-ignore
  const counted = ending.map(({ ticket_type_id }) => ({ ticket_type_id, count: 1 }))
  await giveBack(tx, booking.event_id, countSeats(counted), at)
  await setStatus(tx, booking, ending.length === good.length ? 'cancelled' : 'partially_refunded', at)

  const payment = await findCharge(tx, booking.id)
  const amount = refundOf(ending.reduce((sum, { price }) => sum + price, 0), percent) // prettier-ignore
  if (payment && amount > 0) await putRefund(tx, { payment, booking, amount, reason, at })
  else await becomeRefunded(tx, booking.id, at)
  const handed_over = ending.filter((ticket): ticket is HandedOver => ticket.holder_email !== null)
  return { ticket_ids: ending.map(({ id }) => id), refund: payment ? amount : 0, handed_over }
}

async function recordCancellation(
  tx: Tx,
  caller: Caller,
  before: Booking,
  after: Booking,
  at: Timestamp,
): Promise<void> {
  await record(tx, caller, at, {
    action: 'booking_cancelled',
    entity: 'booking',
    entity_id: before.id,
    organizer_id: before.organizer_id,
    was: { status: before.status, refunded: before.refunded },
    became: { status: after.status, refunded: after.refunded },
  })
}
