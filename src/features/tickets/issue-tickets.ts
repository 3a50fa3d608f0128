import type { Tx } from '../../db/database.ts'
import type { Deps } from '../../deps.ts'
import { DomainError } from '../../lib/errors.ts'
import type { Timestamp } from '../../lib/time.ts'
import { insertTickets } from './tickets.sql.ts'

const draws_max = 5

/**
 * Issues one ticket for each holder, in the booking's own transaction. A code that clashes is refused by the
 * unique index, which undoes that statement alone; all the codes are then drawn again.
 *
 * @throws DomainError `server_busy` when draw after draw clashes
 */
export async function issueTickets(
  { database, newCode }: Deps,
  tx: Tx,
  bookingId: number,
  holders: readonly string[],
  at: Timestamp,
): Promise<void> {
  for (let draw = 1; ; draw++) {
    try {
      return await insertTickets(
        tx,
        holders.map((holder_name) => ({
          booking_id: bookingId,
          holder_name,
          ticket_code: newCode(),
          status: 'unused',
          created_at: at,
          updated_at: at,
        })),
      )
    } catch (error) {
      if (database.dialect.meaningOf(error) !== 'duplicate') throw error
      if (draw === draws_max) throw new DomainError('server_busy', undefined, { cause: error })
    }
  }
}
