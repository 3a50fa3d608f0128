import { toRfc3339 } from '../../lib/time.ts'
import type { Ticket } from '../tickets/tickets.sql.ts'
import type { CheckIn } from './check-in.ts'
import type { KeptAct } from './door-line.ts'

/** What the door is told of who comes in or goes out. */
export function showAct({ outcome, ticket, ticket_type, at, door }: KeptAct) {
  const { id, holder_name } = ticket
  return { outcome, ticket: { id, holder_name, ticket_type }, at: toRfc3339(at), door }
}

/** A check-in as lists show it. */
export function showCheckIn(checkIn: CheckIn) {
  const { id, ticket_id, event_id, ticket_type_id, kind, door, at, reason, actor_id, api_key_id, undone_at } = checkIn
  return {
    id,
    ticket_id: ticket_id || null,
    event_id,
    ticket_type_id: ticket_type_id || null,
    kind,
    door,
    at: toRfc3339(at),
    reason,
    actor_id,
    api_key_id,
    undone_at: undone_at && toRfc3339(undone_at),
  }
}

/** A ticket as the guest list shows it, with the name of its type. */
export function showGuest(ticket: Ticket, typeName: string) {
  const { id, holder_name, ticket_type_id, ticket_code, status, left_at } = ticket
  return {
    ticket_id: id,
    holder_name,
    ticket_type: { id: ticket_type_id, name: typeName },
    ticket_code,
    // A guest list has no void ones.
    status: status as 'unused' | 'used',
    inside: status === 'used' && left_at === null,
    left_at: left_at && toRfc3339(left_at),
  }
}
