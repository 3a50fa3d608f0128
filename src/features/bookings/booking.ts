import type { Selectable } from 'kysely'
import type { BookingTable } from '../../db/schema.ts'
import { DomainError } from '../../lib/errors.ts'
import { quantity_max } from '../../lib/limits.ts'

export type Booking = Selectable<BookingTable>

/** The names of those who are not named, made once: most bookings take some of them. */
const numbered: readonly string[] = Array.from({ length: quantity_max }, (_, index) => `Ticket ${index + 1}`)

/**
 * A holder for each ticket: those given, or "Ticket 1", "Ticket 2" … when none is.
 *
 * @throws DomainError `holder_names_mismatch` when some are given, but not one for each ticket
 */
export function holderNames(quantity: number, given: readonly string[] | null | undefined): readonly string[] {
  if (!given || given.length === 0) return numbered.slice(0, quantity)
  if (given.length !== quantity) throw new DomainError('holder_names_mismatch')
  return given
}
