import type { Tx } from '../../db/database.ts'
import type { Deps } from '../../deps.ts'
import type { Event } from '../events/event.ts'
import { findEventLocked } from '../events/events.sql.ts'
import type { Booking } from './booking.ts'
import { findBookingLocked } from './bookings.sql.ts'

/**
 * A booking, deleted or not, and its event, both locked, the event first as everywhere. A booking never changes its
 * event, so it is read to know what to lock.
 */
export async function lockBooking(
  tx: Tx,
  { database }: Deps,
  id: number,
): Promise<{ booking: Booking; event: Event } | undefined> {
  const before = await tx.selectFrom('booking').select('event_id').where('id', '=', id).executeTakeFirst()
  if (!before) return undefined
  const event = await findEventLocked(tx, database.dialect, before.event_id)
  const booking = await findBookingLocked(tx, database.dialect, id)
  return event && booking ? { booking, event } : undefined
}
