import type { Deps } from '../../deps.ts'
import { isOrganizerOf, isSelf, seesAll, type Caller } from '../../lib/caller.ts'
import { DomainError } from '../../lib/errors.ts'
import { readLink } from '../signatures/link-token.ts'
import type { Ticket } from './tickets.sql.ts'

/** A ticket, as it was when its holder was sent the link to it. */
export type HolderLink = Readonly<{ ticket_id: number; version: number }>

/**
 * The link by which a holder acts who has no account; undefined for who acts by their account.
 *
 * @throws DomainError `invalid_link`, `not_signed_in` without link and account, `forbidden` for staff: they look at
 *   tickets, and change none
 */
export async function readHolderLink(
  { signer, now }: Deps,
  { role }: Caller,
  token: string | undefined,
): Promise<HolderLink | undefined> {
  if (token === undefined) {
    if (role === 'visitor') throw new DomainError('not_signed_in')
    if (role === 'staff') throw new DomainError('forbidden')
    return undefined
  }
  const link = await readLink(signer, token, 'ticket', now())
  if (link?.version === undefined) throw new DomainError('invalid_link')
  return { ticket_id: link.id, version: link.version }
}

/**
 * Makes sure that this ticket is the caller's to give away, or to put a name on: its customer's until it is handed
 * over, from then on its holder's.
 *
 * @throws DomainError `invalid_link` also if the ticket was handed on since, `ticket_not_found`, `ticket_handed_over`
 */
export function assertHolds(caller: Caller, ticket: Ticket, link: HolderLink | undefined): void {
  if (link) {
    if (link.ticket_id !== ticket.id || link.version !== ticket.version) throw new DomainError('invalid_link')
    return
  }
  if (!isSelf(caller, ticket.customer_id)) throw new DomainError('ticket_not_found')
  if (ticket.holder_email !== null && !seesAll(caller)) throw new DomainError('ticket_handed_over')
}

/** Whether the caller acts as the organizer of the ticket's event; one who brings a link acts as its holder. */
export function actsAsOrganizer(caller: Caller, ticket: Pick<Ticket, 'organizer_id'>, link: HolderLink | undefined) {
  return !link && isOrganizerOf(caller, ticket.organizer_id)
}

/** @throws DomainError `ticket_void`, `ticket_already_used` */
export function assertUnused({ status }: Ticket): void {
  if (status === 'void') throw new DomainError('ticket_void')
  if (status === 'used') throw new DomainError('ticket_already_used')
}
