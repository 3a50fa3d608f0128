import type { Selectable } from 'kysely'
import type { EventTable } from '../../db/schema.ts'
import { DomainError } from '../../lib/errors.ts'
import type { Timestamp } from '../../lib/time.ts'
import { isWithinSales } from '../ticket-types/ticket-type.ts'

export type Event = Selectable<EventTable>
export type EventStatus = 'available' | 'unavailable'

/** Derived, never stored, so it can't disagree with the seats: unavailable while sold out or closed. */
export function eventStatus(event: Pick<Event, 'available_seat' | 'closed'>): EventStatus {
  return event.available_seat > 0 && event.closed === 0 ? 'available' : 'unavailable'
}

/** Whether tickets can be bought at all: neither sold out nor closed nor cancelled, within its sales, and not begun yet. */
export function isOnSale(
  event: Pick<Event, 'available_seat' | 'closed' | 'date' | 'cancelled_at' | 'sales_open_at' | 'sales_close_at'>,
  at: Timestamp,
): boolean {
  return (
    eventStatus(event) === 'available' && event.cancelled_at === null && event.date > at && isWithinSales(event, at)
  )
}

/**
 * The seats still to sell after the capacity changes; those sold stay sold.
 *
 * @throws DomainError `capacity_below_booked_seats`
 */
export function availableAfterResize(event: Pick<Event, 'capacity' | 'available_seat'>, capacity: number): number {
  const booked = event.capacity - event.available_seat
  if (capacity < booked) throw new DomainError('capacity_below_booked_seats')
  return capacity - booked
}
