import { setTimeout as sleep } from 'node:timers/promises'
import { changeWrite } from '../../db/changes.ts'
import { begin_ms_max, breakUp, isHeldUpByOne, keepApart } from '../../db/group/break-up.ts'
import type { GroupRead, GroupWrite } from '../../db/group/group.ts'
import type { SharedRead } from '../../db/shared-read.ts'
import { refusalOf, retry_ms_max } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import type { Caller } from '../../lib/caller.ts'
import { DomainError } from '../../lib/errors.ts'
import { groupQueue, type GroupQueue } from '../../lib/group-queue.ts'
import { count, queueObserver } from '../../lib/metrics.ts'
import { toTimestamp, type Timestamp } from '../../lib/time.ts'
import { auditColumns, auditValues } from '../audit/record.ts'
import { keyColumns, keyValues, type IdempotencyKey } from '../idempotency/idempotency.ts'
import type { Ticket } from '../tickets/tickets.sql.ts'
import { decideActs, lastAdmissions, type Act, type CheckIn, type Decided } from './check-in.ts'

const limits = { length_max: 5_000, wait_ms_max: 5_000 }
const attempts_max = 10

/** What is written into the audit trail. */
export const actionOf = { admitted: 'ticket_used', returned: 'ticket_returned', left: 'ticket_left' } as const

/** Somebody at a door with a ticket. */
export type AtDoor = Readonly<{
  act: Act
  door: string
  caller: Caller
  /** Whose name the door shows; left out where it shows none. */
  ticket_type_id?: number
  key: IdempotencyKey | undefined
  /** What is kept under the key. */
  answer: (kept: KeptAct) => unknown
}>

/** An act that was kept, with what the door shows of it. */
export type KeptAct = Decided & Readonly<{ at: Timestamp; door: string; ticket_type: { id: number; name: string } }>

/** The line at this server's doors: many doors, one transaction at a time. */
export type DoorLine = Readonly<{
  queue: GroupQueue<AtDoor, KeptAct>
  tickets: SharedRead<Ticket>
}>

export function openDoorLine(deps: Deps, tickets: SharedRead<Ticket>): DoorLine {
  const run = deps.database.openGroups()

  async function keepActs(group: readonly AtDoor[]): Promise<(KeptAct | DomainError)[]> {
    return run(async ({ read, commit }) => {
      const [rows, acts = [], types = []] = (await read(readsOf(group))) as unknown as [
        Ticket[],
        CheckIn[]?,
        { id: number; name: string }[]?,
      ]
      const at = toTimestamp(deps.now())
      const wanted = group.map(({ act, door }) => ({ ...act, door }))
      const nameOf = new Map(types.map(({ id, name }) => [id, name]))
      const outcomes = decideActs(wanted, rows, lastAdmissions(acts), at).map((decided, index) => {
        if (decided instanceof DomainError) return decided
        const { outcome, ticket } = decided
        const id = ticket.ticket_type_id
        return { outcome, ticket, at, door: group[index]!.door, ticket_type: { id, name: nameOf.get(id) ?? '' } }
      })
      const kept = group.flatMap((one, index) => {
        const outcome = outcomes[index]!
        return outcome instanceof DomainError ? [] : [{ ...one, outcome }]
      })
      if (kept.length > 0) await commit(writesOf(kept))
      return outcomes
    })
  }

  /** One that the database won't take, such as a key that came to two servers at once, fails alone. */
  async function keepGroup(group: readonly AtDoor[], since_ms = performance.now()): Promise<(KeptAct | Error)[]> {
    const { dialect } = deps.database
    const waited_ms = () => performance.now() - since_ms
    const keepSome = (some: readonly AtDoor[]) => keepGroup(some, since_ms)
    if (waited_ms() > begin_ms_max) return group.map(() => new DomainError('server_busy'))
    for (let attempt = 1; ; attempt++) {
      try {
        return await keepActs(group)
      } catch (error) {
        if (isHeldUpByOne(dialect, error, group, rowOf)) return keepApart(group, rowOf, keepSome)
        const isTriedAgain = attempt < attempts_max && waited_ms() < retry_ms_max
        if (isTriedAgain && dialect.meaningOf(error) === 'conflict') {
          await sleep(Math.random() * 2 ** attempt)
          continue
        }
        const refusal = refusalOf(deps.database, error)
        // Meant for all of them; above all, an unknown outcome must not be tried again.
        if (refusal instanceof DomainError) return group.map(() => refusal)
        return breakUp(dialect, group, error, keepSome)
      }
    }
  }

  const commit = async (group: readonly AtDoor[]) => {
    const acts = await keepGroup(group)
    const kept = acts.flatMap((act) => (act instanceof Error ? [] : [act]))
    if (kept.length > 0) {
      deps.database.changes.tell({ events: [], bookings: [], check_ins: eventsOf(kept), mails: [] })
    }
    for (const act of acts) {
      count('karcis_check_ins_total', { outcome: act instanceof Error ? 'refused' : act.outcome })
    }
    return acts
  }
  const queue = groupQueue<AtDoor, KeptAct>(commit, limits, undefined, queueObserver('doors'))

  return { queue, tickets }
}

/** What an act has locked for it, and others may have. */
const rowOf = ({ act }: AtDoor) => act.ticket_id

/** Who uses a ticket the way of version 1 is told nothing but whether it was unused. */
function readsOf(group: readonly AtDoor[]): GroupRead[] {
  const ticketIds = (some: readonly AtDoor[]) => ascending(some.map(({ act }) => act.ticket_id))
  const told = group.filter(({ act }) => act.action !== 'use')
  const tickets: GroupRead = { select: 'select * from ticket', ids: ticketIds(group), lock: 'update' }
  if (told.length === 0) return [tickets]
  return [
    tickets,
    // Nobody writes a ticket's acts but under its lock, and types don't change their names under our eyes.
    { select: 'select * from check_in', by: 'ticket_id', ids: ticketIds(told), lock: 'none' },
    {
      select: 'select id, name from ticket_type',
      ids: ascending(told.flatMap(({ ticket_type_id }) => ticket_type_id ?? [])),
      lock: 'none',
    },
  ]
}

const checkInColumns = [
  'ticket_id',
  'event_id',
  'ticket_type_id',
  'kind',
  'door',
  'at',
  'actor_id',
  'api_key_id',
  'created_at',
] as const

function writesOf(kept: readonly (AtDoor & { outcome: KeptAct })[]): GroupWrite[] {
  const { at } = kept[0]!.outcome
  // A ticket may come and go within one group: how it ends is what is written.
  const last = new Map(kept.map(({ outcome: { ticket } }) => [ticket.id, ticket]))
  const inside = [...last.values()].filter(({ left_at }) => left_at === null).map(({ id }) => id)
  const outside = [...last.values()].filter(({ left_at }) => left_at !== null).map(({ id }) => id)
  const set = (left_at: Timestamp | null, ids: number[]): GroupWrite[] =>
    ids.length === 0 ? [] : [{ kind: 'set', table: 'ticket', values: { status: 'used', left_at, updated_at: at }, ids }]
  const acts = kept.map(({ caller, door, outcome: { outcome, ticket } }) => [
    ticket.id,
    ticket.event_id,
    ticket.ticket_type_id,
    outcome,
    door,
    at,
    caller.user_id ?? null,
    caller.api_key_id ?? null,
    at,
  ])
  const history = kept.map(({ caller, outcome: { outcome, ticket } }) => {
    const { id: entity_id, organizer_id } = ticket
    return auditValues(caller, at, { action: actionOf[outcome], entity: 'ticket', entity_id, organizer_id })
  })
  const keys = kept.flatMap(({ key, answer, outcome }) => (key ? [keyValues(key, answer(outcome), at)] : []))
  return [
    ...set(null, inside),
    ...set(at, outside),
    { kind: 'insert', table: 'check_in', columns: checkInColumns, rows: acts },
    { kind: 'insert', table: 'audit_entry', columns: auditColumns, rows: history },
    changeWrite({ check_ins: eventsOf(kept.map(({ outcome }) => outcome)) }, at),
    ...(keys.length > 0
      ? [{ kind: 'insert' as const, table: 'idempotency_key', columns: keyColumns, rows: keys }]
      : []),
  ]
}

const eventsOf = (kept: readonly KeptAct[]) => [...new Set(kept.map(({ ticket }) => ticket.event_id))]

const ascending = (ids: readonly number[]) => [...new Set(ids)].toSorted((a, b) => a - b)
