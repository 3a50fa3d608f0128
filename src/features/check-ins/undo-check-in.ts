import { announce } from '../../db/changes.ts'
import { inTransaction } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import { isOrganizerOf, type Caller } from '../../lib/caller.ts'
import { DomainError } from '../../lib/errors.ts'
import { justAfter, toTimestamp, type Timestamp } from '../../lib/time.ts'
import { record } from '../audit/record.ts'
import type { Keep } from '../idempotency/idempotency.ts'
import { findTicketLocked, updateTicket } from '../tickets/tickets.sql.ts'
import type { CheckIn } from './check-in.ts'
import { findCheckIn, findLastKept, listLiveActs, updateUndone } from './check-ins.sql.ts'

/**
 * Takes back the last act of a ticket, as if it had not been: who was admitted was not, who left is in, who came back
 * is out.
 *
 * @throws DomainError `check_in_not_found`, also for one of an event that is none of the caller's, `check_in_undone`,
 *   `check_in_not_latest`, `ticket_void`
 */
export async function undoCheckIn(
  { database, now }: Deps,
  caller: Caller,
  id: number,
  keep?: Keep<CheckIn>,
): Promise<CheckIn> {
  return inTransaction(database, async (tx) => {
    const before = await findCheckIn(tx, id)
    const ticket = before && (await findTicketLocked(tx, database.dialect, before.ticket_id))
    if (!ticket || !isOrganizerOf(caller, ticket.organizer_id)) {
      throw new DomainError('check_in_not_found')
    }
    const at = toTimestamp(now())
    const live = await listLiveActs(tx, ticket.id)
    const last = live.at(-1)
    if (last?.id !== id) {
      const isUndone = before.kind !== 'conflict' && !live.some((act) => act.id === id)
      throw new DomainError(isUndone ? 'check_in_undone' : 'check_in_not_latest')
    }
    if (ticket.status === 'void') throw new DomainError('ticket_void')
    await updateTicket(tx, ticket.id, { ...stateBefore(last, live), updated_at: at })
    // Whether an admission stood when another scan met it is told by when it was undone: after what was kept before, also
    // within a millisecond or by another server's clock.
    const lastKept = justAfter((await findLastKept(tx, ticket.id))!)
    const undone_at = at > lastKept ? at : lastKept
    await updateUndone(tx, id, undone_at)
    announce(tx, at, { check_ins: [ticket.event_id] })
    const { organizer_id } = ticket
    const was = { check_in: id, kind: last.kind, door: last.door }
    await record(tx, caller, at, {
      action: 'check_in_undone',
      entity: 'ticket',
      entity_id: ticket.id,
      organizer_id,
      was,
    })
    const undone = { ...last, undone_at }
    await keep?.(tx, undone)
    return undone
  })
}

/** How the ticket was before its last act. */
function stateBefore({ kind }: CheckIn, live: readonly CheckIn[]): { status?: 'unused'; left_at: Timestamp | null } {
  if (kind === 'admitted') return { status: 'unused', left_at: null }
  if (kind === 'left') return { left_at: null }
  return { left_at: live.at(-2)!.at }
}
