import type { Language } from '../../lib/language.ts'
import { formatMoney } from '../../lib/money.ts'
import { toRfc3339, type Timestamp } from '../../lib/time.ts'
import { isOnSale, type Event } from '../events/event.ts'
import { isWithinSales, type TicketType } from './ticket-type.ts'

/** A type as the API shows it: what its event leaves of it, at this moment, in this language. */
export function showTicketType(type: TicketType, event: Event, at: Timestamp, language: Language) {
  const own = type.available_seat ?? event.available_seat
  const available_seat = Math.min(own, event.available_seat)
  return {
    ...type,
    currency: event.currency,
    price_text: formatMoney(type.price, event.currency, language),
    available_seat,
    hidden: type.hidden === 1,
    on_sale: available_seat > 0 && isOnSale(event, at) && isWithinSales(type, at),
    sales_open_at: type.sales_open_at && toRfc3339(type.sales_open_at),
    sales_close_at: type.sales_close_at && toRfc3339(type.sales_close_at),
    created_at: toRfc3339(type.created_at),
    updated_at: toRfc3339(type.updated_at),
  }
}
