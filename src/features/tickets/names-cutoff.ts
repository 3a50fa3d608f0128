import { DomainError } from '../../lib/errors.ts'
import { addSeconds, type Timestamp } from '../../lib/time.ts'
import type { Event } from '../events/event.ts'

type Named = Pick<Event, 'date' | 'names_until_hours'>

/** From when on customers and holders rename nobody and hand nothing over; undefined: they never may. */
export function namesCloseAt({ date, names_until_hours: hours }: Named): Timestamp | undefined {
  return hours === null ? undefined : addSeconds(date, -hours * 3_600)
}

/** @throws DomainError `names_closed` */
export function assertNamesOpen(event: Named, at: Timestamp): void {
  const end = namesCloseAt(event)
  if (end === undefined || at >= end) throw new DomainError('names_closed')
}
