import { inTransaction } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import { DomainError } from '../../lib/errors.ts'
import { toTimestamp } from '../../lib/time.ts'
import { findTicket, takeUse, type Ticket } from './tickets.sql.ts'

/**
 * Marks a ticket as used, once and for all.
 *
 * @throws DomainError `ticket_not_found`, `ticket_already_used`
 */
export async function useTicket(deps: Deps, id: number): Promise<Ticket> {
  const at = toTimestamp(deps.now())
  return inTransaction(deps.database, async (tx) => {
    const taken = await takeUse(tx, id, at)
    const ticket = await findTicket(tx, id)
    if (!ticket) throw new DomainError('ticket_not_found')
    if (!taken) throw new DomainError('ticket_already_used')
    return ticket
  })
}
