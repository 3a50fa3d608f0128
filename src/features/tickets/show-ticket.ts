import { isOrganizerOf, type Identity } from '../../lib/caller.ts'
import { toRfc3339 } from '../../lib/time.ts'
import type { Ticket } from './tickets.sql.ts'

/** A ticket as the API shows it to who runs the event or stands at its door. */
export function showTicket(ticket: Ticket) {
  return { ...ticket, created_at: toRfc3339(ticket.created_at), updated_at: toRfc3339(ticket.updated_at) }
}

/** The same to its customer: what admits somebody else is not theirs to see any more. */
export function showTicketToCustomer(ticket: Ticket) {
  return showTicket(withoutForeignCode(ticket))
}

/** A ticket as version 1 shows it to this one. */
export function showTicketTo({ role }: Identity, ticket: Ticket) {
  return role === 'customer' ? showTicketToCustomer(ticket) : showTicket(ticket)
}

/** A ticket as version 2 shows it to this one. */
export function showTicketV2(caller: Identity, ticket: Ticket) {
  const { holder_email, ...shown } = showTicketTo(caller, ticket)
  return {
    ...shown,
    handed_over: holder_email !== null,
    ...(isOrganizerOf(caller, ticket.organizer_id) && { holder_email }),
  }
}

/** A ticket as its customer's export has it: whose it is now, after that it was handed over, is the holder's. */
export function showTicketInExport(ticket: Ticket) {
  const { holder_email, holder_language: _, ...kept } = withoutForeignCode(ticket)
  return { ...kept, handed_over: holder_email !== null }
}

function withoutForeignCode(ticket: Ticket): Ticket {
  return ticket.holder_email === null ? ticket : { ...ticket, ticket_code: '' }
}
