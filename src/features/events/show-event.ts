import type { Language } from '../../lib/language.ts'
import { formatMoney } from '../../lib/money.ts'
import { toRfc3339 } from '../../lib/time.ts'
import type { EventCancellation } from './events.sql.ts'
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

/** An event as version 2 shows it, to people of this language. */
export function showEventV2(event: Event, language: Language) {
  return {
    ...showEvent(event),
    price_text: formatMoney(event.price, event.currency, language),
    categories: JSON.parse(event.categories) as string[],
    sales_open_at: event.sales_open_at && toRfc3339(event.sales_open_at),
    sales_close_at: event.sales_close_at && toRfc3339(event.sales_close_at),
    cancelled_at: event.cancelled_at && toRfc3339(event.cancelled_at),
    ends_at: event.ends_at && toRfc3339(event.ends_at),
    doors_open_at: event.doors_open_at && toRfc3339(event.doors_open_at),
    reentry: event.reentry === 1,
  }
}

export function showCancellation({
  event_id,
  reason,
  bookings,
  cancelled,
  created_at,
  finished_at,
}: EventCancellation) {
  return {
    event_id,
    reason,
    bookings,
    cancelled,
    created_at: toRfc3339(created_at),
    finished_at: finished_at && toRfc3339(finished_at),
  }
}
