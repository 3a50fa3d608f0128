import type { Selectable } from 'kysely'
import type { TicketTransferTable } from '../../db/schema.ts'
import { addSeconds, type Timestamp } from '../../lib/time.ts'

/** The offer of a ticket to an address. */
export type Transfer = Selectable<TicketTransferTable>

/** `expired`: was offered, and its time is over; that is not stored. */
export type TransferStatus = Transfer['status'] | 'expired'

const offered_s = 7 * 24 * 60 * 60

/** Until when a ticket that is offered now may be accepted: for a week, or until the event's names close. */
export function expiryOf(at: Timestamp, namesCloseAt: Timestamp): Timestamp {
  const week = addSeconds(at, offered_s)
  return week < namesCloseAt ? week : namesCloseAt
}

export function statusAt({ status, expires_at }: Transfer, at: Timestamp): TransferStatus {
  return status === 'offered' && at >= expires_at ? 'expired' : status
}

/** Whether it was the ticket's customer who offered it: a holder has a ticket that was handed over. */
export const isByCustomer = ({ ticket_version }: Pick<Transfer, 'ticket_version'>): boolean => ticket_version === 1
