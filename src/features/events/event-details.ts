import { DomainError } from '../../lib/errors.ts'
import { addSeconds, patchedMoment, type Timestamp } from '../../lib/time.ts'
import type { Event } from './event.ts'

/** What version 2 knows of an event beside version 1. */
export type EventDetails = {
  currency?: string | undefined
  time_zone?: string | undefined
  description?: string | undefined
  categories?: readonly string[] | undefined
  /** RFC 3339; null takes the limit away. */
  sales_open_at?: string | null | undefined
  sales_close_at?: string | null | undefined
  hold_minutes?: number | undefined
  cancel_until_hours?: number | null | undefined
  cancel_refund_percent?: number | undefined
  ends_at?: string | null | undefined
  doors_open_at?: string | null | undefined
  reentry?: boolean | undefined
  names_until_hours?: number | null | undefined
}

export const detailFields = [
  'currency',
  'time_zone',
  'description',
  'categories',
  'sales_open_at',
  'sales_close_at',
  'hold_minutes',
  'cancel_until_hours',
  'cancel_refund_percent',
  'ends_at',
  'doors_open_at',
  'reentry',
  'names_until_hours',
] as const
type Details = Pick<Event, (typeof detailFields)[number]>

/** Of an event of which nothing is said; customers may cancel only where the organizer has said so. */
export const detailDefaults: Details = {
  currency: 'IDR',
  time_zone: 'Asia/Jakarta',
  description: '',
  categories: '[]',
  sales_open_at: null,
  sales_close_at: null,
  hold_minutes: 15,
  cancel_until_hours: null,
  cancel_refund_percent: 100,
  ends_at: null,
  doors_open_at: null,
  reentry: 0,
  names_until_hours: 0,
}

/**
 * What is given, as it is stored, and of the rest what was there before.
 *
 * @param date when the event begins
 * @throws DomainError `sales_window_empty`, `event_ends_too_early`
 */
export function detailsOf(given: EventDetails, before: Details, date: Timestamp): Details {
  const sales_open_at = patchedMoment(given.sales_open_at, before.sales_open_at)
  const sales_close_at = patchedMoment(given.sales_close_at, before.sales_close_at)
  if (sales_open_at !== null && sales_close_at !== null && sales_open_at >= sales_close_at) {
    throw new DomainError('sales_window_empty')
  }
  const ends_at = patchedMoment(given.ends_at, before.ends_at)
  if (ends_at !== null && ends_at <= date) throw new DomainError('event_ends_too_early')
  const { cancel_until_hours, names_until_hours, categories, reentry } = given
  return {
    currency: given.currency ?? before.currency,
    time_zone: given.time_zone ?? before.time_zone,
    description: given.description ?? before.description,
    categories: categories ? JSON.stringify(categories) : before.categories,
    sales_open_at,
    sales_close_at,
    hold_minutes: given.hold_minutes ?? before.hold_minutes,
    cancel_until_hours: cancel_until_hours === undefined ? before.cancel_until_hours : cancel_until_hours,
    cancel_refund_percent: given.cancel_refund_percent ?? before.cancel_refund_percent,
    ends_at,
    doors_open_at: patchedMoment(given.doors_open_at, before.doors_open_at),
    reentry: reentry === undefined ? before.reentry : reentry ? 1 : 0,
    names_until_hours: names_until_hours === undefined ? before.names_until_hours : names_until_hours,
  }
}

const reminder_s = 24 * 60 * 60

/** When guests are reminded of an event that begins then: the day before; never if that is over. */
export function remindAt(date: Timestamp, now: Timestamp): Timestamp | null {
  const at = addSeconds(date, -reminder_s)
  return at > now ? at : null
}
