import type { Selectable } from 'kysely'
import type { BookingTable } from '../../db/schema.ts'
import { DomainError } from '../../lib/errors.ts'

export type Booking = Selectable<BookingTable>

/**
 * A holder for each ticket: those given, or "Ticket 1", "Ticket 2" … when none is.
 *
 * @throws DomainError `holder_names_mismatch` when some are given, but not one for each ticket
 */
export function holderNames(quantity: number, given: readonly string[] | null | undefined): readonly string[] {
  if (!given || given.length === 0) return Array.from({ length: quantity }, (_, index) => `Ticket ${index + 1}`)
  if (given.length !== quantity) throw new DomainError('holder_names_mismatch')
  return given
}
