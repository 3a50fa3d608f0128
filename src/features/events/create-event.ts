import { inTransaction } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import { DomainError } from '../../lib/errors.ts'
import { parseRfc3339, toTimestamp } from '../../lib/time.ts'
import { findUser } from '../users/users.sql.ts'
import type { Event } from './event.ts'
import type { CreateEvent } from './events.schema.ts'
import { findEvent, insertEvent } from './events.sql.ts'

/**
 * Puts an event on sale, with all its seats free.
 *
 * @throws DomainError `event_date_not_in_future`, `organizer_not_found`, `not_an_organizer`
 */
export async function createEvent(deps: Deps, input: CreateEvent): Promise<Event> {
  const at = toTimestamp(deps.now())
  const date = parseRfc3339(input.date)!
  if (date <= at) throw new DomainError('event_date_not_in_future')
  const { organizer_id, title, location, capacity, price = 0 } = input
  return inTransaction(deps.database, async (tx) => {
    const organizer = await findUser(tx, organizer_id)
    if (!organizer) throw new DomainError('organizer_not_found')
    if (organizer.role !== 'organizer') throw new DomainError('not_an_organizer')
    try {
      const id = await insertEvent(tx, {
        organizer_id,
        title,
        location,
        capacity,
        available_seat: capacity,
        price,
        closed: 0,
        date,
        created_at: at,
        updated_at: at,
      })
      return (await findEvent(tx, id))!
    } catch (error) {
      // Deleted since we looked.
      if (deps.database.dialect.meaningOf(error) === 'foreign_key') throw new DomainError('organizer_not_found')
      throw error
    }
  })
}
