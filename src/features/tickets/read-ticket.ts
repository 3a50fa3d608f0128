import type { SharedRead } from '../../db/shared-read.ts'
import { maySeeTicket, type Caller } from '../../lib/caller.ts'
import { DomainError } from '../../lib/errors.ts'
import type { Ticket } from './tickets.sql.ts'

/**
 * A ticket that the caller may look up.
 *
 * @throws DomainError `ticket_not_found`, also for one of an event that is none of the caller's
 */
export async function readTicket(tickets: SharedRead<Ticket>, caller: Caller, id: number): Promise<Ticket> {
  const ticket = await tickets.find(id)
  if (!ticket || !maySeeTicket(caller, ticket)) throw new DomainError('ticket_not_found')
  return ticket
}
