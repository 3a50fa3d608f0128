import { inTransaction } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import { isOrganizerOf, type Caller } from '../../lib/caller.ts'
import { DomainError } from '../../lib/errors.ts'
import { parseRfc3339, toTimestamp } from '../../lib/time.ts'
import { difference, record } from '../audit/record.ts'
import type { Keep } from '../idempotency/idempotency.ts'
import { findUserLocked } from '../users/users.sql.ts'
import { addFirstType } from '../ticket-types/first-type.ts'
import type { Event } from './event.ts'
import { detailDefaults, detailFields, detailsOf, type EventDetails, remindAt } from './event-details.ts'
import { findEvent, insertEvent } from './events.sql.ts'

export type NewEvent = {
  organizer_id: number
  title: string
  location: string
  capacity: number
  price?: number | undefined
  /** RFC 3339. */
  date: string
} & EventDetails

/**
 * Puts an event on sale, with all its seats free.
 *
 * @throws DomainError `not_own_organizer_id`, `event_date_not_in_future`, `sales_window_empty`,
 *   `event_ends_too_early`, `organizer_not_found`, `not_an_organizer`
 */
export async function createEvent(deps: Deps, caller: Caller, input: NewEvent, keep?: Keep<Event>): Promise<Event> {
  if (!isOrganizerOf(caller, input.organizer_id)) throw new DomainError('not_own_organizer_id')
  const at = toTimestamp(deps.now())
  const date = parseRfc3339(input.date)!
  if (date <= at) throw new DomainError('event_date_not_in_future')
  const { organizer_id, title, location, capacity, price = 0 } = input
  const details = detailsOf(input, detailDefaults, date)
  return inTransaction(deps.database, async (tx) => {
    // Locked, so that nobody deletes it or takes the role away meanwhile.
    const organizer = await findUserLocked(tx, deps.database.dialect, organizer_id)
    if (!organizer || organizer.deleted_at) throw new DomainError('organizer_not_found')
    if (organizer.role !== 'organizer') throw new DomainError('not_an_organizer')
    const id = await insertEvent(tx, {
      organizer_id,
      title,
      location,
      capacity,
      available_seat: capacity,
      price,
      closed: 0,
      date,
      ...details,
      remind_at: remindAt(date, at),
      created_at: at,
      updated_at: at,
    })
    await addFirstType(tx, id, price, at)
    await record(tx, caller, at, {
      action: 'event_created',
      entity: 'event',
      entity_id: id,
      organizer_id,
      became: { title, location, capacity, price, date, ...difference(detailDefaults, details, detailFields).became },
    })
    const event = (await findEvent(tx, id))!
    await keep?.(tx, event)
    return event
  })
}
