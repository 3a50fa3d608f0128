/**
 * A moment as both databases store it: UTC, `YYYY-MM-DD HH:MM:SS`, with `.mmm` where milliseconds matter.
 * Such strings sort in time order, so they are compared as they stand.
 */
export type Timestamp = string

const stored = writtenOnce((at_ms) => new Date(at_ms).toISOString().slice(0, 23).replace('T', ' '))

/** `Date` → stored form, to the millisecond. */
export function toTimestamp(date: Date): Timestamp {
  return stored(date.getTime())
}

/** The last one is written once: much is asked for in the same millisecond. */
export function writtenOnce(write: (at_ms: number) => string): (at_ms: number) => string {
  let last_ms = Number.NaN
  let last = ''
  return (at_ms) => {
    if (at_ms !== last_ms) {
      last = write(at_ms)
      last_ms = at_ms
    }
    return last
  }
}

/** Stored form → `Date`. */
export function dateOf(timestamp: Timestamp): Date {
  return new Date(`${timestamp.replace(' ', 'T')}Z`)
}

/** Stored form → RFC 3339 in UTC, to the second, as the API shows it: `2025-01-15T10:30:00Z`. */
export function toRfc3339(timestamp: Timestamp): string {
  return `${timestamp.slice(0, 10)}T${timestamp.slice(11, 19)}Z`
}

const rfc3339 = /^(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})$/

/**
 * RFC 3339 date-time (a zone is required) → stored form in UTC, cut to the second.
 * Undefined for what is no such moment: 2026-02-30, hour 24, a missing zone, a year outside 1000–9999 in UTC.
 */
export function parseRfc3339(text: string): Timestamp | undefined {
  const parts = rfc3339.exec(text)
  if (!parts) return undefined
  const [year, month, day, hour, minute, second] = parts.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  // Date.UTC rolls over (30 February becomes 2 March), so what comes back must be what went in.
  const asWritten = new Date(Date.UTC(year, month - 1, day, hour, minute, second))
  if (asWritten.toISOString() !== `${parts[1]}-${parts[2]}-${parts[3]}T${parts[4]}:${parts[5]}:${parts[6]}.000Z`) {
    return undefined
  }
  const zone = parts[8]!.toUpperCase()
  let offset_minutes = 0
  if (zone !== 'Z') {
    const [hours, minutes] = [Number(zone.slice(1, 3)), Number(zone.slice(4, 6))]
    if (hours > 23 || minutes > 59) return undefined
    offset_minutes = (zone[0] === '-' ? -1 : 1) * (hours * 60 + minutes)
  }
  const utc = new Date(asWritten.getTime() - offset_minutes * 60_000).toISOString()
  return /^[1-9]\d{3}-/.test(utc) ? utc.slice(0, 19).replace('T', ' ') : undefined
}

/** A moment that was validated before, in stored form; undefined stays undefined. */
export function momentOf(text: string | undefined): Timestamp | undefined {
  return text === undefined ? undefined : parseRfc3339(text)
}

/** A moment in a merge patch: null takes it away, and what is left out stays as it was. */
export function patchedMoment(text: string | null | undefined, before: Timestamp | null): Timestamp | null {
  return text === undefined ? before : text === null ? null : parseRfc3339(text)!
}

const timeZones: ReadonlySet<string> = new Set(['UTC', ...Intl.supportedValuesOf('timeZone')])

/** Whether this is a zone of the IANA database, as it is spelt there. */
export const isTimeZone = (name: string): boolean => timeZones.has(name)

/** The first moment after this one that can be told from it. */
export function justAfter(timestamp: Timestamp): Timestamp {
  return toTimestamp(new Date(dateOf(timestamp).getTime() + 1))
}

export function addSeconds(timestamp: Timestamp, seconds: number): Timestamp {
  return toTimestamp(new Date(dateOf(timestamp).getTime() + seconds * 1_000))
}
