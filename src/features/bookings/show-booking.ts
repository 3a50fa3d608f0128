import type { Language } from '../../lib/language.ts'
import { formatMoney } from '../../lib/money.ts'
import { toRfc3339 } from '../../lib/time.ts'
import type { BookedItem, Booking } from './booking.ts'

/** A booking as the API shows it. */
export function showBooking(booking: Booking) {
  return { ...booking, created_at: toRfc3339(booking.created_at), updated_at: toRfc3339(booking.updated_at) }
}

/** A booking as version 2 shows it, to people of this language. */
export function showBookingV2(booking: Booking, language: Language) {
  return {
    ...showBooking(booking),
    total_text: formatMoney(booking.total_price, booking.currency, language),
    expires_at: booking.expires_at && toRfc3339(booking.expires_at),
  }
}

/** What was booked, with the number that stands for its holders. */
export const showItem = ({ holder_names, ...item }: BookedItem) => ({
  ...item,
  quantity: holder_names.length,
  holder_names: [...holder_names],
})
