import { inTransaction } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import { isOrganizerOf, isSelf, type Caller } from '../../lib/caller.ts'
import { DomainError } from '../../lib/errors.ts'
import { toTimestamp } from '../../lib/time.ts'
import { record } from '../audit/record.ts'
import { readHolderLink, type HolderLink } from '../tickets/holder-link.ts'
import { findTicketLocked } from '../tickets/tickets.sql.ts'
import { isByCustomer, type Transfer } from './transfer.ts'
import { readTransferLink } from './transfer-link.ts'
import { findTransfer, findTransferLocked, updateTransferStatus } from './transfers.sql.ts'

/**
 * Withdraws an offer: by who made it, or by the event's organizer. One that is withdrawn already stays so.
 *
 * @param token of the link to the ticket, for a holder without an account
 * @throws DomainError `not_signed_in`, `forbidden`, `invalid_link`, `transfer_not_found`, `transfer_closed`
 */
export async function withdrawTransfer(
  deps: Deps,
  caller: Caller,
  id: number,
  token: string | undefined,
): Promise<Transfer> {
  const link = await readHolderLink(deps, caller, token)
  return closeTransfer(deps, caller, id, 'withdrawn', (transfer) => assertOffers(caller, transfer, link))
}

/**
 * Declines an offer: by who it was made to. One that is declined already stays so.
 *
 * @throws DomainError `invalid_link`, `transfer_not_found`, `transfer_closed`
 */
export async function refuseTransfer(deps: Deps, caller: Caller, { token }: { token: string }): Promise<Transfer> {
  const id = await readTransferLink(deps, token)
  return closeTransfer(deps, caller, id, 'declined', () => {})
}

function assertOffers(caller: Caller, transfer: Transfer, link: HolderLink | undefined): void {
  if (link) {
    const { ticket_id, ticket_version } = transfer
    if (link.ticket_id !== ticket_id || link.version !== ticket_version) throw new DomainError('invalid_link')
    return
  }
  if (isOrganizerOf(caller, transfer.organizer_id)) return
  if (!isSelf(caller, transfer.customer_id) || !isByCustomer(transfer)) throw new DomainError('transfer_not_found')
}

async function closeTransfer(
  deps: Deps,
  caller: Caller,
  id: number,
  status: 'withdrawn' | 'declined',
  assertMay: (transfer: Transfer) => void,
): Promise<Transfer> {
  const at = toTimestamp(deps.now())
  return inTransaction(deps.database, async (tx) => {
    const before = await findTransfer(tx, id)
    if (!before) throw new DomainError('transfer_not_found')
    assertMay(before)
    // Who accepts it locks the ticket first, too.
    await findTicketLocked(tx, deps.database.dialect, before.ticket_id)
    const transfer = (await findTransferLocked(tx, deps.database.dialect, id))!
    if (transfer.status === status) return transfer
    if (transfer.status !== 'offered') throw new DomainError('transfer_closed')
    await updateTransferStatus(tx, id, status, at)
    await record(tx, caller, at, {
      action: status === 'withdrawn' ? 'ticket_offer_withdrawn' : 'ticket_offer_declined',
      entity: 'ticket',
      entity_id: transfer.ticket_id,
      organizer_id: transfer.organizer_id,
      became: { transfer_id: id },
    })
    return (await findTransfer(tx, id))!
  })
}
