import { announce } from '../../db/changes.ts'
import type { Tx } from '../../db/database.ts'
import type { BookingStatus } from '../../db/schema.ts'
import type { Timestamp } from '../../lib/time.ts'
import { assertMayBecome } from './booking-status.ts'
import type { Booking } from './booking.ts'

/** The only way in which a booking changes its status. It is locked. */
export async function setStatus(
  tx: Tx,
  { id, status, customer_id, event_id }: Pick<Booking, 'id' | 'status' | 'customer_id' | 'event_id'>,
  becomes: BookingStatus,
  at: Timestamp,
): Promise<void> {
  assertMayBecome(status, becomes)
  announce(tx, at, { events: [event_id], bookings: [[id, customer_id]] })
  await tx.updateTable('booking').set({ status: becomes, updated_at: at }).where('id', '=', id).execute()
}
