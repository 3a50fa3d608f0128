import { toRfc3339 } from '../../lib/time.ts'
import type { Ticket, TicketOfBooking } from './tickets.sql.ts'

/** A ticket as version 1 shows it. */
export function showTicket(ticket: Ticket) {
  return { ...ticket, created_at: toRfc3339(ticket.created_at), updated_at: toRfc3339(ticket.updated_at) }
}

/** The same as version 2 shows it, with its event. */
export function showTicketV2(ticket: TicketOfBooking) {
  return { ...showTicket(ticket), event_id: ticket.event_id }
}
