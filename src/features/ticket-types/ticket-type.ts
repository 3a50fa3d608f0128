import type { Selectable } from 'kysely'
import type { TicketTypeTable } from '../../db/schema.ts'
import { DomainError } from '../../lib/errors.ts'
import type { Timestamp } from '../../lib/time.ts'

export type TicketType = Selectable<TicketTypeTable>

/** Those of an event that are not deleted, in the order in which they are shown: hidden ones last. */
export function inOrder<Type extends Pick<TicketType, 'id' | 'hidden' | 'position' | 'deleted_at'>>(
  types: readonly Type[],
): Type[] {
  return types
    .filter(({ deleted_at }) => deleted_at === null)
    .toSorted((a, b) => a.hidden - b.hidden || a.position - b.position || a.id - b.id)
}

/** Whether now is within a sales window; an end that is null is open. */
export function isWithinSales(
  { sales_open_at, sales_close_at }: { sales_open_at: Timestamp | null; sales_close_at: Timestamp | null },
  at: Timestamp,
): boolean {
  return (sales_open_at === null || sales_open_at <= at) && (sales_close_at === null || sales_close_at > at)
}

/**
 * Seats still to sell of a type whose own capacity changes; those sold stay sold. Null: it shares the event's seats.
 *
 * @param sold of this type, pending ones included
 * @throws DomainError `capacity_below_booked_seats`
 */
export function availableOf(capacity: number | null, sold: number): number | null {
  if (capacity === null) return null
  if (capacity < sold) throw new DomainError('capacity_below_booked_seats')
  return capacity - sold
}
