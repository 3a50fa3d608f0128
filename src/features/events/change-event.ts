import { inTransaction } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import { DomainError } from '../../lib/errors.ts'
import { parseRfc3339, toTimestamp } from '../../lib/time.ts'
import { availableAfterResize, type Event } from './event.ts'
import type { EventChange } from './events.schema.ts'
import { findEvent, findEventLocked, updateEvent } from './events.sql.ts'

/**
 * Changes what is given and keeps the rest. The row stays locked from reading to writing,
 * so that no seat sold in between is lost.
 *
 * @throws DomainError `event_not_found`, `event_date_not_in_future`, `capacity_below_booked_seats`
 */
export async function changeEvent(deps: Deps, id: number, change: EventChange): Promise<Event> {
  const at = toTimestamp(deps.now())
  return inTransaction(deps.database, async (tx) => {
    const event = await findEventLocked(tx, deps.database.dialect, id)
    if (!event) throw new DomainError('event_not_found')
    const { title, location, status } = change
    const capacity = change.capacity ?? event.capacity
    // One who sends back the date of an event that has begun changes nothing, and may.
    const date = change.date === undefined ? event.date : parseRfc3339(change.date)!
    const keepsDate = date.slice(0, 19) === event.date.slice(0, 19)
    if (!keepsDate && date <= at) throw new DomainError('event_date_not_in_future')
    await updateEvent(tx, id, {
      title,
      location,
      capacity,
      available_seat: availableAfterResize(event, capacity),
      price: change.price ?? event.price,
      closed: status === undefined ? event.closed : status === 'unavailable' ? 1 : 0,
      date,
      updated_at: at,
    })
    return (await findEvent(tx, id))!
  })
}
