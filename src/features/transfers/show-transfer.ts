import { toRfc3339, type Timestamp } from '../../lib/time.ts'
import type { Offer } from './read-offer.ts'
import { statusAt, type Transfer } from './transfer.ts'

/** An offer as the API shows it to who made it, and to the organizer. */
export function showTransfer(transfer: Transfer, at: Timestamp) {
  const { expires_at, created_at, updated_at } = transfer
  return {
    ...transfer,
    status: statusAt(transfer, at),
    expires_at: toRfc3339(expires_at),
    created_at: toRfc3339(created_at),
    updated_at: toRfc3339(updated_at),
  }
}

/** An offer as the API shows it to whom it was made to. */
export function showOffer({ event, expires_at, ...offer }: Offer) {
  const { id, title, location, date, time_zone } = event
  return {
    ...offer,
    expires_at: toRfc3339(expires_at),
    event: { id, title, location, date: toRfc3339(date), time_zone },
  }
}
