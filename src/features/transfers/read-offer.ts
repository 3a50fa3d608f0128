import { reading } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import { DomainError } from '../../lib/errors.ts'
import { toTimestamp } from '../../lib/time.ts'
import type { Event } from '../events/event.ts'
import { findEvent } from '../events/events.sql.ts'
import { listTicketsByIds, type Ticket } from '../tickets/tickets.sql.ts'
import { findUser } from '../users/users.sql.ts'
import { isByCustomer, statusAt, type Transfer, type TransferStatus } from './transfer.ts'
import { readTransferLink } from './transfer-link.ts'
import { findTransfer, findTypeName } from './transfers.sql.ts'

/** What somebody is offered, without what would admit them. */
export type Offer = Pick<Transfer, 'id' | 'ticket_id' | 'language' | 'expires_at'> & {
  /** Can be accepted while it is `offered`. */
  status: TransferStatus
  event: Event
  /** The name of its ticket type. */
  ticket_type: string
  /** Who offers it, by name; null if they are not known any more. */
  from: string | null
}

/**
 * What the link in a mail offers.
 *
 * @throws DomainError `invalid_link`, `transfer_not_found`
 */
export async function readOffer(deps: Deps, token: string): Promise<Offer> {
  const id = await readTransferLink(deps, token)
  const at = toTimestamp(deps.now())
  return reading(deps.database, async (db) => {
    const transfer = await findTransfer(db, id)
    const [ticket] = transfer ? await listTicketsByIds(db, [transfer.ticket_id]) : []
    const event = ticket && (await findEvent(db, ticket.event_id))
    if (!transfer || !ticket || !event) throw new DomainError('transfer_not_found')
    const ticket_type = await findTypeName(db, ticket.ticket_type_id)
    const from = isByCustomer(transfer)
      ? ((await findUser(db, transfer.customer_id))?.name ?? null)
      : ticket.version === transfer.ticket_version
        ? ticket.holder_name
        : null
    const { ticket_id, language, expires_at } = transfer
    return {
      id,
      ticket_id,
      language,
      expires_at,
      status: statusOf(transfer, ticket, event, at),
      event,
      ticket_type,
      from,
    }
  })
}

/** An offer of what is not to be had any more is as good as withdrawn. */
function statusOf(transfer: Transfer, ticket: Ticket, event: Event, at: string): TransferStatus {
  const status = statusAt(transfer, at)
  const isGone = ticket.status !== 'unused' || event.cancelled_at !== null
  return status === 'offered' && isGone ? 'withdrawn' : status
}
