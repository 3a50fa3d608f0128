import ical, { ICalCalendarMethod, ICalEventStatus } from 'ical-generator'
import type { Language } from '../../lib/language.ts'
import { dateOf } from '../../lib/time.ts'
import type { Event } from '../events/event.ts'

/** With no end, calendars show an entry of no length at all: what a reader can neither see nor plan by. */
const assumed_length_ms = 2 * 60 * 60 * 1_000
/** Calendars know no year of five digits. */
const last_moment_ms = Date.UTC(9999, 11, 31, 23, 59, 59)

const cancelled: Readonly<Record<Language, string>> = { en: 'Cancelled', id: 'Dibatalkan' }

/**
 * The calendar entry of an event (text/calendar, RFC 5545). It is the same entry whenever it is made: by its UID and
 * SEQUENCE a calendar that has it already moves it, or strikes it out.
 */
export function calendarOf(event: Event, { language, url }: { language: Language; url?: string }): string {
  const isCancelled = event.cancelled_at !== null
  const calendar = ical({
    prodId: { company: 'Karcis', product: 'Tickets', language: language.toUpperCase() },
    method: ICalCalendarMethod.PUBLISH,
  })
  const start = dateOf(event.date)
  const end = event.ends_at
    ? dateOf(event.ends_at)
    : new Date(Math.min(start.getTime() + assumed_length_ms, last_moment_ms))
  calendar.createEvent({
    // Two servers may both have an event 7, but hardly one that was made in the same second.
    id: `event-${event.id}-${dateOf(event.created_at).getTime()}@karcis`,
    sequence: event.version,
    stamp: dateOf(event.updated_at),
    start,
    // One that begins with the last second of all has none: an end must come later.
    ...(end > start && { end }),
    summary: isCancelled ? `${cancelled[language]}: ${event.title}` : event.title,
    location: event.location,
    status: isCancelled ? ICalEventStatus.CANCELLED : ICalEventStatus.CONFIRMED,
    ...(event.description !== '' && { description: event.description }),
    ...(url !== undefined && { url }),
  })
  return calendar.toString()
}
