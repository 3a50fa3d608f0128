import type { Language } from '../../lib/language.ts'
import { dateOf, type Timestamp } from '../../lib/time.ts'

/** English as it is written in Indonesia knows the zones there by name. */
const locales = { en: 'en-ID', id: 'id' } as const

/** Making one takes long; there are twice as many as zones. */
const formats = new Map<string, Intl.DateTimeFormat>()

/** `Saturday, 31 December 2999 at 19.00 WIB`, by the clocks of this zone. */
export const momentText = (timestamp: Timestamp, timeZone: string, language: Language): string =>
  written(timestamp, timeZone, language, { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' })

/** `19.00 WIB` */
export const timeText = (timestamp: Timestamp, timeZone: string, language: Language): string =>
  written(timestamp, timeZone, language, {})

function written(timestamp: Timestamp, timeZone: string, language: Language, day: Intl.DateTimeFormatOptions): string {
  const name = `${language} ${timeZone} ${day.weekday ?? ''}`
  let format = formats.get(name)
  if (!format) {
    const time = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23', timeZoneName: 'short' } as const
    format = new Intl.DateTimeFormat(locales[language], { ...day, ...time, timeZone })
    formats.set(name, format)
  }
  // A line may end before the time of day, not within it.
  return format
    .format(dateOf(timestamp))
    .replace(/ (at|pukul) | (?=[A-Z]+(?:[+-][\d:.]+)?$)/g, (_, word?: string) =>
      word === undefined ? '\u00a0' : ` ${word}\u00a0`,
    )
}
