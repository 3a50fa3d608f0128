import type { Tx } from '../../db/database.ts'
import type { Deps } from '../../deps.ts'
import { system } from '../../lib/caller.ts'
import type { Timestamp } from '../../lib/time.ts'
import { record } from '../audit/record.ts'
import type { Event } from '../events/event.ts'
import type { BookedItem, Booking } from './booking.ts'
import { deleteHold, findHold, insertTickets } from './bookings.sql.ts'
import { putConfirmation } from '../mail/mail-bookings.ts'
import { setStatus } from './set-status.ts'
import { countSeats, takeIfThere } from './seats.ts'
import { ticketColumns, ticketRow } from './ticket-row.ts'

/**
 * Gives a booking that was paid its tickets: of its hold or, if that has ended, of seats that are still to be had, as
 * long as the event takes place and is to come. The booking and its event are locked.
 *
 * @param ticketIds as many as the booking has tickets
 * @returns false if there is nothing to give: its money must go back
 */
export async function confirmBooking(
  tx: Tx,
  deps: Deps,
  { booking, event }: { booking: Booking; event: Event },
  ticketIds: readonly number[],
  at: Timestamp,
): Promise<boolean> {
  const { id, event_id, organizer_id, status } = booking
  if (booking.deleted_at || (status !== 'pending' && status !== 'expired' && status !== 'failed')) return false
  const hold = await findHold(tx, id)
  if (!hold) return false
  const items = JSON.parse(hold.items) as BookedItem[]
  if (status !== 'pending') {
    if (event.deleted_at || event.cancelled_at || event.date <= at) return false
    const seats = countSeats(
      items.map(({ ticket_type_id, holder_names }) => ({ ticket_type_id, count: holder_names.length })),
    )
    if (!(await takeIfThere(tx, event_id, seats, at))) return false
  }
  await setStatus(tx, booking, 'success', at)
  await deleteHold(tx, id)
  await insertTickets(
    tx,
    ticketColumns,
    items
      .flatMap((item) => item.holder_names.map((holder) => ({ item, holder })))
      .map(({ item, holder }, index) => ticketRow(ticketIds[index]!, booking, item, holder, deps.newCode(), at)),
  )
  await putConfirmation(tx, booking, at)
  await record(tx, system, at, {
    action: 'booking_paid',
    entity: 'booking',
    entity_id: id,
    organizer_id,
    was: { status },
    became: { status: 'success' },
  })
  return true
}
