import { inTransaction } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import { isOrganizerOf, type Caller } from '../../lib/caller.ts'
import { DomainError } from '../../lib/errors.ts'
import { toTimestamp } from '../../lib/time.ts'
import { record } from '../audit/record.ts'
import type { Keep } from '../idempotency/idempotency.ts'
import { findUserLocked } from '../users/users.sql.ts'
import type { Event } from './event.ts'
import { findEvent, findEventLocked, isBooked, updateEvent } from './events.sql.ts'

/**
 * Deletes an event that nobody has booked: it is gone from every answer until an admin restores it. Its sale is
 * closed with it, so a booking made at the same moment, which wants the event's row locked and open, either comes
 * first and keeps the event, or finds none.
 *
 * @param assertMatches throws if this is not the version that the caller means to delete
 * @throws DomainError `event_not_found`, `not_own_event`, `event_has_bookings`
 */
export async function removeEvent(
  deps: Deps,
  caller: Caller,
  id: number,
  assertMatches?: (event: Event) => void,
): Promise<void> {
  const at = toTimestamp(deps.now())
  await inTransaction(deps.database, async (tx) => {
    const event = await findEventLocked(tx, deps.database.dialect, id)
    if (!event || event.deleted_at) throw new DomainError('event_not_found')
    const { organizer_id } = event
    if (!isOrganizerOf(caller, organizer_id)) throw new DomainError('not_own_event')
    assertMatches?.(event)
    if (await isBooked(tx, id)) throw new DomainError('event_has_bookings')
    await updateEvent(tx, id, { deleted_at: at, closed: 1, updated_at: at })
    await record(tx, caller, at, { action: 'event_deleted', entity: 'event', entity_id: id, organizer_id })
  })
}

/**
 * Brings a deleted event back, with its sale closed: its organizer opens it when it is looked over.
 *
 * @throws DomainError `nothing_to_restore`, `organizer_not_found` if that is deleted, too, `not_an_organizer`
 *   if it is something else now
 */
export async function restoreEvent(deps: Deps, caller: Caller, id: number, keep?: Keep<Event>): Promise<Event> {
  const at = toTimestamp(deps.now())
  return inTransaction(deps.database, async (tx) => {
    const event = await findEventLocked(tx, deps.database.dialect, id)
    if (!event?.deleted_at) throw new DomainError('nothing_to_restore')
    const { organizer_id } = event
    // Locked, as for a new event: a deletion at the same moment waits, or has come first.
    const organizer = await findUserLocked(tx, deps.database.dialect, organizer_id)
    if (!organizer || organizer.deleted_at) throw new DomainError('organizer_not_found')
    if (organizer.role !== 'organizer') throw new DomainError('not_an_organizer')
    await updateEvent(tx, id, { deleted_at: null, updated_at: at })
    await record(tx, caller, at, { action: 'event_restored', entity: 'event', entity_id: id, organizer_id })
    const restored = (await findEvent(tx, id))!
    await keep?.(tx, restored)
    return restored
  })
}
