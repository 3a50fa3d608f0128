import { toRfc3339 } from '../../lib/time.ts'
import type { Ticket } from './tickets.sql.ts'

/** A ticket as the API shows it. */
export function showTicket(ticket: Ticket) {
  return { ...ticket, created_at: toRfc3339(ticket.created_at), updated_at: toRfc3339(ticket.updated_at) }
}
