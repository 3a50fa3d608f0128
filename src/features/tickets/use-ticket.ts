import { setTimeout as sleep } from 'node:timers/promises'
import type { SharedRead } from '../../db/shared-read.ts'
import { refusalOf } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import type { Caller } from '../../lib/caller.ts'
import { DomainError } from '../../lib/errors.ts'
import { groupQueue, type GroupQueue } from '../../lib/group-queue.ts'
import { toTimestamp } from '../../lib/time.ts'
import { auditColumns, auditValues } from '../audit/record.ts'
import { keyColumns, keyValues, type IdempotencyKey } from '../idempotency/idempotency.ts'
import { readTicket } from './read-ticket.ts'
import type { Ticket } from './tickets.sql.ts'

const limits = { length_max: 5_000, wait_ms_max: 5_000 }
const attempts_max = 10

/** A ticket that somebody at a door wants used. */
type Use = { id: number; organizer_id: number; caller: Caller; key: IdempotencyKey | undefined }

/** The line of those who want to use a ticket at this server: many doors, one transaction at a time. */
export type DoorLine = Readonly<{
  queue: GroupQueue<Use, Ticket>
  tickets: SharedRead<Ticket>
}>

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
  const { organizer_id } = await readTicket(tickets, caller, id)
  return queue.join({ id, organizer_id, caller, key })
}

export function openDoorLine(deps: Deps, tickets: SharedRead<Ticket>): DoorLine {
  const run = deps.database.openGroups()

  async function useTickets(uses: readonly Use[]): Promise<(Ticket | DomainError)[]> {
    const ids = uses.map(({ id }) => id)
    return run(async (group) => {
      const [rows] = (await group.read([
        { select: 'select * from ticket', ids: [...new Set(ids)].toSorted((a, b) => a - b), lock: 'update' },
      ])) as unknown as [Ticket[]]
      const at = toTimestamp(deps.now())
      const outcomes = decideUse(ids, rows, at)
      const used = uses.filter((_, index) => !(outcomes[index] instanceof Error))
      if (used.length > 0) {
        const history = used.map(({ id, organizer_id, caller }) =>
          auditValues(caller, at, { action: 'ticket_used', entity: 'ticket', entity_id: id, organizer_id }),
        )
        const keys = uses.flatMap(({ key }, index) => {
          const outcome = outcomes[index]!
          return key && !(outcome instanceof Error) ? [keyValues(key, outcome, at)] : []
        })
        await group.commit([
          { kind: 'set', table: 'ticket', values: { status: 'used', updated_at: at }, ids: used.map(({ id }) => id) },
          { kind: 'insert', table: 'audit_entry', columns: auditColumns, rows: history },
          ...(keys.length > 0
            ? [{ kind: 'insert' as const, table: 'idempotency_key', columns: keyColumns, rows: keys }]
            : []),
        ])
      }
      return outcomes
    })
  }

  const queue = groupQueue<Use, Ticket>(async (uses) => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await useTickets(uses)
      } catch (error) {
        const isConflict = deps.database.dialect.meaningOf(error) === 'conflict'
        if (!isConflict || attempt === attempts_max) throw refusalOf(deps.database, error)
        await sleep(Math.random() * 2 ** attempt)
      }
    }
  }, limits)

  return { queue, tickets }
}

/** Of all who come with a ticket, exactly the first gets in. */
export function decideUse(ids: readonly number[], tickets: readonly Ticket[], at: string): (Ticket | DomainError)[] {
  const known = new Map(tickets.filter(({ deleted_at }) => deleted_at === null).map((ticket) => [ticket.id, ticket]))
  const used = new Set(tickets.filter(({ status }) => status === 'used').map(({ id }) => id))
  return ids.map((id) => {
    const ticket = known.get(id)
    if (!ticket) return new DomainError('ticket_not_found')
    if (ticket.status === 'void') return new DomainError('ticket_void')
    if (used.has(id)) return new DomainError('ticket_already_used')
    used.add(id)
    return { ...ticket, status: 'used', updated_at: at }
  })
}
