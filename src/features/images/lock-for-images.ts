import { announce } from '../../db/changes.ts'
import type { Tx } from '../../db/database.ts'
import type { Deps } from '../../deps.ts'
import { isOrganizerOf, type Caller } from '../../lib/caller.ts'
import { DomainError } from '../../lib/errors.ts'
import { toTimestamp } from '../../lib/time.ts'
import type { Event } from '../events/event.ts'
import { findEventLocked } from '../events/events.sql.ts'

/**
 * Locks an event whose pictures its organizer wants to change. Its version stays: the event does not show them.
 *
 * @throws DomainError `event_not_found`, `not_own_event`
 */
export async function lockForImages(tx: Tx, { database, now }: Deps, caller: Caller, eventId: number): Promise<Event> {
  const event = await findEventLocked(tx, database.dialect, eventId)
  if (!event || event.deleted_at) throw new DomainError('event_not_found')
  if (!isOrganizerOf(caller, event.organizer_id)) throw new DomainError('not_own_event')
  announce(tx, toTimestamp(now()), { events: [eventId] })
  return event
}
