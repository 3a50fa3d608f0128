import { inTransaction } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import { DomainError } from '../../lib/errors.ts'
import { deleteEvent } from './events.sql.ts'

/**
 * Deletes an event that nobody has booked. The foreign key decides, so a booking made at the same
 * moment either finds no event, or keeps it.
 *
 * @throws DomainError `event_not_found`, `event_has_bookings`
 */
export async function removeEvent(deps: Deps, id: number): Promise<void> {
  await inTransaction(deps.database, async (tx) => {
    try {
      if (!(await deleteEvent(tx, id))) throw new DomainError('event_not_found')
    } catch (error) {
      if (deps.database.dialect.meaningOf(error) === 'foreign_key') throw new DomainError('event_has_bookings')
      throw error
    }
  })
}
