import type { Tx } from '../../db/database.ts'
import type { Deps } from '../../deps.ts'
import { isOrganizerOf, type Caller } from '../../lib/caller.ts'
import { DomainError } from '../../lib/errors.ts'
import type { Timestamp } from '../../lib/time.ts'
import type { Event } from './event.ts'
import { findEventLocked, isBooked, updateEvent } from './events.sql.ts'

/**
 * Locks an event whose types its organizer wants to change: nobody sells it meanwhile.
 *
 * @throws DomainError `event_not_found`, `not_own_event`
 */
export async function lockForTypes(tx: Tx, { database }: Deps, caller: Caller, eventId: number): Promise<Event> {
  const event = await findEventLocked(tx, database.dialect, eventId)
  if (!event || event.deleted_at) throw new DomainError('event_not_found')
  if (!isOrganizerOf(caller, event.organizer_id)) throw new DomainError('not_own_event')
  return event
}

/**
 * To be called whenever a type has changed, in the same transaction: the event shows the price of its first type, and
 * its version counts the change, by which every server learns that what it has seen is old.
 */
export async function typesChanged(tx: Tx, eventId: number, firstPrice: number, at: Timestamp): Promise<void> {
  await updateEvent(tx, eventId, { price: firstPrice, updated_at: at })
}

/** Whether tickets of the event are sold or held. Its row is locked. */
export const isSold = isBooked
