import { inTransaction } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import type { Caller } from '../../lib/caller.ts'
import { DomainError } from '../../lib/errors.ts'
import type { Language } from '../../lib/language.ts'
import { toTimestamp } from '../../lib/time.ts'
import { record } from '../audit/record.ts'
import { findEvent } from '../events/events.sql.ts'
import type { Keep } from '../idempotency/idempotency.ts'
import { putMail } from '../mail/put-mail.ts'
import { assertHolds, assertUnused, readHolderLink } from '../tickets/holder-link.ts'
import { assertNamesOpen, namesCloseAt } from '../tickets/names-cutoff.ts'
import { findTicketLocked } from '../tickets/tickets.sql.ts'
import { expiryOf, type Transfer } from './transfer.ts'
import { findTransfer, insertTransfer, listTransfersOf, withdrawOpenTransfers } from './transfers.sql.ts'

/** Each is a mail to an address of somebody's choice. */
const transfers_max = 20

/**
 * Offers a ticket to an address, by mail: by its customer or, when it was handed over, by its holder. What was offered
 * before and is open is withdrawn.
 *
 * @param token of the link to the ticket, for a holder without an account
 * @throws DomainError `not_signed_in`, `forbidden`, `invalid_link`, `ticket_not_found`, `ticket_handed_over`,
 *   `ticket_void`, `ticket_already_used`, `event_already_cancelled`, `names_closed`, `too_many_transfers`
 */
export async function offerTransfer(
  deps: Deps,
  caller: Caller,
  ticketId: number,
  { email, language, token }: { email: string; language: Language; token?: string | undefined },
  keep?: Keep<Transfer>,
): Promise<Transfer> {
  const link = await readHolderLink(deps, caller, token)
  const at = toTimestamp(deps.now())
  const offered = await inTransaction(deps.database, async (tx) => {
    const ticket = await findTicketLocked(tx, deps.database.dialect, ticketId)
    const event = ticket && (await findEvent(tx, ticket.event_id))
    if (!ticket || !event) throw new DomainError('ticket_not_found')
    assertHolds(caller, ticket, link)
    assertUnused(ticket)
    if (event.cancelled_at) throw new DomainError('event_already_cancelled')
    assertNamesOpen(event, at)
    if ((await listTransfersOf(tx, ticketId)).length >= transfers_max) throw new DomainError('too_many_transfers')

    const { event_id, organizer_id, booking_id, customer_id, version } = ticket
    await withdrawOpenTransfers(tx, ticketId, at)
    const id = await insertTransfer(tx, {
      ticket_id: ticketId,
      event_id,
      organizer_id,
      customer_id,
      ticket_version: version,
      email,
      language,
      status: 'offered',
      expires_at: expiryOf(at, namesCloseAt(event)!),
      created_at: at,
      updated_at: at,
    })
    await record(tx, caller, at, {
      action: 'ticket_offered',
      entity: 'ticket',
      entity_id: ticketId,
      organizer_id,
      became: { transfer_id: id },
    })
    await putMail(tx, {
      kind: 'ticket_offered',
      key: `ticket_offered ${id}`,
      to: { email, language },
      organizer_id,
      event_id,
      booking_id,
      ticket_id: ticketId,
      details: { transfer_id: id },
      at,
    })
    const transfer = (await findTransfer(tx, id))!
    await keep?.(tx, transfer)
    return transfer
  })
  deps.wake()
  return offered
}
