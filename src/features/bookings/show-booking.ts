import { toRfc3339 } from '../../lib/time.ts'
import type { Booking } from './booking.ts'

/** A booking as the API shows it. */
export function showBooking(booking: Booking) {
  return { ...booking, created_at: toRfc3339(booking.created_at), updated_at: toRfc3339(booking.updated_at) }
}
