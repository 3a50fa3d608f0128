import type { Selectable } from 'kysely'
import type { BookingTable } from '../../db/schema.ts'
import { DomainError } from '../../lib/errors.ts'
import { quantity_max } from '../../lib/limits.ts'

export type Booking = Selectable<BookingTable>

/** So many tickets of one type, each with a holder, at one price: what a hold keeps, and what tickets are made of. */
export type BookedItem = { ticket_type_id: number; price: number; holder_names: readonly string[] }

/** The names of those who are not named, made once: most bookings take some of them. */
const numbered: readonly string[] = Array.from({ length: quantity_max }, (_, index) => `Ticket ${index + 1}`)

/**
 * A holder for each ticket: those given, or "Ticket 1", "Ticket 2" … when none is.
 *
 * @param before how many tickets of the booking come before these, so that each number stands once
 * @throws DomainError `holder_names_mismatch` when some are given, but not one for each ticket
 */
export function holderNames(
  quantity: number,
  given: readonly string[] | null | undefined,
  before = 0,
): readonly string[] {
  if (!given || given.length === 0) return numbered.slice(before, before + quantity)
  if (given.length !== quantity) throw new DomainError('holder_names_mismatch')
  return given
}
