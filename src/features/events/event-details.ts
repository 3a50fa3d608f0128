import { DomainError } from '../../lib/errors.ts'
import { patchedMoment } from '../../lib/time.ts'
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
}

/**
 * What is given, as it is stored, and of the rest what was there before.
 *
 * @throws DomainError `sales_window_empty`
 */
export function detailsOf(given: EventDetails, before: Details): Details {
  const sales_open_at = patchedMoment(given.sales_open_at, before.sales_open_at)
  const sales_close_at = patchedMoment(given.sales_close_at, before.sales_close_at)
  if (sales_open_at !== null && sales_close_at !== null && sales_open_at >= sales_close_at) {
    throw new DomainError('sales_window_empty')
  }
  const { cancel_until_hours, categories } = given
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
  }
}
