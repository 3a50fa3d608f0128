import type { Caller } from '../../lib/caller.ts'
import type { DoorLine } from '../check-ins/door-line.ts'
import type { IdempotencyKey } from '../idempotency/idempotency.ts'
import type { Ticket } from './tickets.sql.ts'

/**
 * Uses a ticket, once, whoever else comes with it at the same moment. Whether it is the caller's to use is seen when it is
 * locked: looked up before, each ticket would be read twice.
 *
 * @throws DomainError `ticket_not_found`, also for one of an event that is none of the caller's, `ticket_already_used`,
 *   `ticket_void`
 */
export async function useTicket(
  { queue }: Pick<DoorLine, 'queue'>,
  caller: Caller,
  id: number,
  key?: IdempotencyKey,
): Promise<Ticket> {
  const { ticket } = await queue.join({
    act: { action: 'use', ticket_id: id, by: caller },
    door: '',
    caller,
    key,
    answer: (kept) => kept.ticket,
  })
  return ticket
}
