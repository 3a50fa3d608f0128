import type { BookingStatus } from '../../db/schema.ts'

/**
 * What may become of a booking; drawn in docs/rules/bookings.md. Whatever is not here does not happen: every change of
 * a status goes through `assertMayBecome`.
 */
export const transitions: Readonly<Record<BookingStatus, readonly BookingStatus[]>> = {
  // Its seats are held.
  pending: ['success', 'failed', 'expired', 'cancelled'],
  // Paid after all, and there were seats again.
  failed: ['success'],
  expired: ['success'],
  // Has its tickets.
  success: ['partially_refunded', 'cancelled'],
  partially_refunded: ['partially_refunded', 'cancelled'],
  // Has none any more; its money may be on its way back.
  cancelled: ['refunded'],
  // A bank has sent the money back.
  refunded: ['cancelled'],
}

/** Whether its tickets are good, but for those that are void. */
export const hasTickets = (status: BookingStatus): boolean => status === 'success' || status === 'partially_refunded'

/** @throws Error if there is no such way: a bug, since whoever asks has looked at the booking under its lock */
export function assertMayBecome(from: BookingStatus, to: BookingStatus): void {
  if (!transitions[from].includes(to)) throw new Error(`a ${from} booking can't become ${to}`)
}
