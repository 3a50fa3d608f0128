import { setTimeout as sleep } from 'node:timers/promises'
import type { Deps } from '../../deps.ts'
import { refusalOf } from '../../db/transaction.ts'
import { DomainError } from '../../lib/errors.ts'
import { groupQueue, type GroupQueue } from '../../lib/group-queue.ts'
import { toTimestamp } from '../../lib/time.ts'
import type { Ticket } from './tickets.sql.ts'

const limits = { length_max: 5_000, wait_ms_max: 5_000 }
const attempts_max = 10

/** The line of those who want to use a ticket at this server: many doors, one transaction at a time. */
export type DoorLine = GroupQueue<number, Ticket>

export function openDoorLine(deps: Deps): DoorLine {
  const run = deps.database.openGroups()

  async function useTickets(ids: readonly number[]): Promise<(Ticket | DomainError)[]> {
    return run(async (group) => {
      const [rows] = (await group.read([
        { select: 'select * from ticket', ids: [...new Set(ids)].toSorted((a, b) => a - b), lock: 'update' },
      ])) as unknown as [Ticket[]]
      const outcomes = decideUse(ids, rows, toTimestamp(deps.now()))
      const used = outcomes.filter((one): one is Ticket => !(one instanceof Error))
      const updated_at = used[0]?.updated_at
      if (updated_at) {
        await group.commit([
          { kind: 'set', table: 'ticket', values: { status: 'used', updated_at }, ids: used.map(({ id }) => id) },
        ])
      }
      return outcomes
    })
  }

  return groupQueue<number, Ticket>(async (ids) => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await useTickets(ids)
      } catch (error) {
        const isConflict = deps.database.dialect.meaningOf(error) === 'conflict'
        if (!isConflict || attempt === attempts_max) throw refusalOf(deps.database, error)
        await sleep(Math.random() * 2 ** attempt)
      }
    }
  }, limits)
}

/** Of all who come with a ticket, exactly the first gets in. */
export function decideUse(ids: readonly number[], tickets: readonly Ticket[], at: string): (Ticket | DomainError)[] {
  const unused = new Map(tickets.filter(({ status }) => status === 'unused').map((ticket) => [ticket.id, ticket]))
  const known = new Set(tickets.map(({ id }) => id))
  return ids.map((id) => {
    if (!known.has(id)) return new DomainError('ticket_not_found')
    const ticket = unused.get(id)
    if (!ticket) return new DomainError('ticket_already_used')
    unused.delete(id)
    return { ...ticket, status: 'used', updated_at: at }
  })
}
