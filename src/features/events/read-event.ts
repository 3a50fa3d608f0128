import type { SharedRead } from '../../db/shared-read.ts'
import { DomainError } from '../../lib/errors.ts'
import type { Event } from './event.ts'

/**
 * An event as it is now; events are public.
 *
 * @throws DomainError `event_not_found`
 */
export async function readEvent(events: SharedRead<Event>, id: number): Promise<Event> {
  const event = await events.find(id)
  if (!event) throw new DomainError('event_not_found')
  return event
}
