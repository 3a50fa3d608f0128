import { toRfc3339 } from '../../lib/time.ts'
import { eventStatus, type Event } from './event.ts'

/** An event as the API shows it. */
export function showEvent(event: Event) {
  return {
    ...event,
    status: eventStatus(event),
    date: toRfc3339(event.date),
    created_at: toRfc3339(event.created_at),
    updated_at: toRfc3339(event.updated_at),
  }
}
