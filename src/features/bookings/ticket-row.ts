import type { SqlValue } from '../../db/group/group.ts'
import type { Timestamp } from '../../lib/time.ts'
import type { BookedItem, Booking } from './booking.ts'

export const ticketColumns = [
  'id',
  'booking_id',
  'event_id',
  'organizer_id',
  'customer_id',
  'ticket_type_id',
  'price',
  'holder_name',
  'ticket_code',
  'status',
  'created_at',
  'updated_at',
] as const

/** A new ticket of a booking, in the order of `ticketColumns`. */
export function ticketRow(
  id: number,
  { id: booking_id, event_id, organizer_id, customer_id }: Booking,
  { ticket_type_id, price }: BookedItem,
  holder: string,
  code: string,
  at: Timestamp,
): SqlValue[] {
  return [id, booking_id, event_id, organizer_id, customer_id, ticket_type_id, price, holder, code, 'unused', at, at]
}
