import type { Caller } from '../../lib/caller.ts'
import type { DoorLine } from '../check-ins/door-line.ts'
import type { IdempotencyKey } from '../idempotency/idempotency.ts'
import { readTicket } from './read-ticket.ts'
import type { Ticket } from './tickets.sql.ts'

/**
 * Uses a ticket, once, whoever else comes with it at the same moment.
 *
 * @throws DomainError `ticket_not_found`, also for one of an event that is none of the caller's, `ticket_already_used`,
 *   `ticket_void`
 */
export async function useTicket(
  { queue, tickets }: DoorLine,
  caller: Caller,
  id: number,
  key?: IdempotencyKey,
): Promise<Ticket> {
  const { organizer_id, ticket_type_id } = await readTicket(tickets, caller, id)
  const { ticket } = await queue.join({
    act: { action: 'use', ticket_id: id },
    door: '',
    caller,
    organizer_id,
    ticket_type_id,
    key,
    answer: (kept) => kept.ticket,
  })
  return ticket
}
