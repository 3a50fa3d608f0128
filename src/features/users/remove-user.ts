import { inTransaction } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import { DomainError } from '../../lib/errors.ts'
import { deleteUser, findUser } from './users.sql.ts'

/**
 * Deletes an account that nothing hangs on. The foreign keys decide, so a booking made at the same
 * moment either finds no customer, or keeps the customer.
 *
 * @throws DomainError `user_not_found`, `user_has_bookings`, `organizer_has_events`
 */
export async function removeUser(deps: Deps, id: number): Promise<void> {
  await inTransaction(deps.database, async (tx) => {
    try {
      if (!(await deleteUser(tx, id))) throw new DomainError('user_not_found')
    } catch (error) {
      if (deps.database.dialect.meaningOf(error) !== 'foreign_key') throw error
      // Only customers have bookings and only organizers have events, and a role never changes.
      const user = await findUser(tx, id)
      throw new DomainError(user?.role === 'organizer' ? 'organizer_has_events' : 'user_has_bookings')
    }
  })
}
