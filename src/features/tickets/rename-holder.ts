import { inTransaction } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import type { Caller } from '../../lib/caller.ts'
import { DomainError } from '../../lib/errors.ts'
import { toTimestamp } from '../../lib/time.ts'
import { record } from '../audit/record.ts'
import { findEvent } from '../events/events.sql.ts'
import { actsAsOrganizer, assertHolds, assertUnused, readHolderLink } from './holder-link.ts'
import { assertNamesOpen } from './names-cutoff.ts'
import { findTicketLocked, updateTicket, type Ticket } from './tickets.sql.ts'

/**
 * Puts another name on a ticket: its customer or, when it was handed over, its holder until the event's names close, and
 * the organizer until it is used. The history says that it was done, and no names: they are erased with the account.
 *
 * @param token of the link to the ticket, for a holder without an account
 * @param assertMatches throws if this is not the ticket as the caller means to change it
 * @throws DomainError `not_signed_in`, `forbidden`, `invalid_link`, `ticket_not_found`, `ticket_handed_over`,
 *   `ticket_void`, `ticket_already_used`, `names_closed`
 */
export async function renameHolder(
  deps: Deps,
  caller: Caller,
  id: number,
  { holder_name, token }: { holder_name: string; token?: string | undefined },
  assertMatches?: (ticket: Ticket) => void,
): Promise<Ticket> {
  const link = await readHolderLink(deps, caller, token)
  const at = toTimestamp(deps.now())
  return inTransaction(deps.database, async (tx) => {
    const ticket = await findTicketLocked(tx, deps.database.dialect, id)
    const event = ticket && (await findEvent(tx, ticket.event_id))
    if (!ticket || !event) throw new DomainError('ticket_not_found')
    const isOrganizer = actsAsOrganizer(caller, ticket, link)
    if (!isOrganizer) assertHolds(caller, ticket, link)
    assertMatches?.(ticket)
    assertUnused(ticket)
    if (!isOrganizer) assertNamesOpen(event, at)
    const values = { holder_name, updated_at: at }
    await updateTicket(tx, id, values)
    await record(tx, caller, at, {
      action: 'ticket_holder_renamed',
      entity: 'ticket',
      entity_id: id,
      organizer_id: ticket.organizer_id,
    })
    return { ...ticket, ...values }
  })
}
