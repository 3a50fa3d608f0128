import type { Language } from '../../lib/language.ts'
import { dateOf, type Timestamp } from '../../lib/time.ts'
import type { Event } from '../events/event.ts'
import { wordsOf } from './ticket-words.ts'

/** English as most of the world writes it: the day before the month, and hours up to 24. */
const locales: Readonly<Record<Language, string>> = { en: 'en-GB', id: 'id-ID' }
/** Each names the zones of its own part of the world: WIB, CET, EST. */
const zone_locales = ['id-ID', 'en-GB', 'en-US', 'en-AU']

export type EventTimes = Readonly<{ day: string; time: string; doors: string | undefined }>

/** When an event is, as clocks at its place show it: `Kamis, 31 Desember 2026`, `19.00–22.00 WIB`. */
export function eventTimes(
  { date, ends_at, doors_open_at, time_zone }: Pick<Event, 'date' | 'ends_at' | 'doors_open_at' | 'time_zone'>,
  language: Language,
): EventTimes {
  const format = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat(locales[language], { timeZone: time_zone, ...options })
  const days = format({ weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' })
  const times = format({ hour: '2-digit', minute: '2-digit' })
  const day = days.format(dateOf(date))
  const start = times.format(dateOf(date))
  const zone = zoneName(time_zone, date)
  const endsThatDay = ends_at !== null && days.format(dateOf(ends_at)) === day
  return {
    day: ends_at === null || endsThatDay ? day : `${day} – ${days.format(dateOf(ends_at))}`,
    time: endsThatDay ? `${start}–${times.format(dateOf(ends_at))} ${zone}` : `${start} ${zone}`,
    doors: doors_open_at === null ? undefined : wordsOf[language].doors_open(times.format(dateOf(doors_open_at))),
  }
}

/** What people call a zone, such as WIB; GMT+5:45 where nobody knows a name. */
function zoneName(timeZone: string, at: Timestamp): string {
  const names = zone_locales.map(
    (locale) =>
      new Intl.DateTimeFormat(locale, { timeZone, timeZoneName: 'short' })
        .formatToParts(dateOf(at))
        .find(({ type }) => type === 'timeZoneName')!.value,
  )
  return names.find((name) => !/[+−-]\d/.test(name)) ?? names[1]!
}
