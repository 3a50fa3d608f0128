import type { Selectable } from 'kysely'
import type { CheckInTable } from '../../db/schema.ts'
import { maySeeTicket, type Identity } from '../../lib/caller.ts'
import { DomainError } from '../../lib/errors.ts'
import { toRfc3339, type Timestamp } from '../../lib/time.ts'
import type { Event } from '../events/event.ts'
import type { Ticket } from '../tickets/tickets.sql.ts'

export type CheckIn = Selectable<CheckInTable>

/** What a door wants: `use` is version 1's, which knows no doors that open and nobody who comes back. */
export type Act =
  | Readonly<{ action: 'use'; ticket_id: number; by: Identity }>
  | Readonly<{
      action: 'admit' | 'leave'
      ticket_id: number
      /** As the token names it or, for a code, as it was when the code was looked up: it may be handed over since. */
      version: number
      /** Whose door it is. */
      event: Pick<Event, 'id' | 'doors_open_at' | 'reentry'>
      /** When it was, at a door without network; left out at any other, where it is now. */
      scanned_at?: Timestamp
    }>

export type Outcome = 'admitted' | 'returned' | 'left'

/** What an act came to: its ticket as it is after it. */
export type Decided = Readonly<{ outcome: Outcome; ticket: Ticket }>

/** Where and when a ticket was let in last. */
export type LastAdmission = Readonly<Pick<CheckIn, 'ticket_id' | 'at' | 'door'>>

/**
 * Decides acts in their order, each on what those before it left behind: of all who come with one ticket, exactly the
 * first gets in.
 *
 * @param tickets those of the acts, locked
 * @param admissions of each ticket that is in, the last one; tickets used before there were any have none
 */
export function decideActs(
  acts: readonly (Act & { door: string })[],
  tickets: readonly Ticket[],
  admissions: readonly LastAdmission[],
  at: Timestamp,
): (Decided | DomainError)[] {
  const now = new Map(tickets.filter(({ deleted_at }) => deleted_at === null).map((ticket) => [ticket.id, ticket]))
  const last = new Map(admissions.map((one) => [one.ticket_id, one]))
  return acts.map((act) => {
    const decided = decide(act, now.get(act.ticket_id), last.get(act.ticket_id), at)
    if (decided instanceof DomainError) return decided
    now.set(act.ticket_id, decided.ticket)
    if (decided.outcome !== 'left') {
      last.set(act.ticket_id, { ticket_id: act.ticket_id, at: momentOf(act) ?? at, door: act.door })
    }
    return decided
  })
}

function decide(
  act: Act,
  ticket: Ticket | undefined,
  last: LastAdmission | undefined,
  now: Timestamp,
): Decided | DomainError {
  if (act.action === 'use') return decideUse(act.by, ticket, now)
  const { action, version, event, scanned_at } = act
  const at = scanned_at ?? now
  if (!ticket) return new DomainError('ticket_unknown')
  if (ticket.event_id !== event.id) return new DomainError('ticket_of_another_event')
  if (version !== ticket.version) return new DomainError('ticket_handed_over')
  if (ticket.status === 'void') return new DomainError('ticket_void')
  if (action === 'leave') {
    if (event.reentry === 0) return new DomainError('reentry_not_allowed')
    const isInside = ticket.status === 'used' && ticket.left_at === null
    // It came in again after this scan, so it had been out already.
    if (!isInside || (scanned_at !== undefined && last && at < last.at)) return new DomainError('not_inside')
    return { outcome: 'left', ticket: { ...ticket, left_at: at, updated_at: at } }
  }
  if (ticket.left_at !== null) {
    // It was inside when this scan let somebody in.
    if (scanned_at !== undefined && at < ticket.left_at) return alreadyAdmitted(last)
    return { outcome: 'returned', ticket: { ...ticket, left_at: null, updated_at: at } }
  }
  if (ticket.status === 'used') return alreadyAdmitted(last)
  if (event.doors_open_at !== null && at < event.doors_open_at) {
    const members = { valid_from: toRfc3339(event.doors_open_at) }
    return new DomainError('ticket_not_yet_valid', undefined, { members })
  }
  return admitted(ticket, at)
}

const momentOf = (act: Act): Timestamp | undefined => (act.action === 'use' ? undefined : act.scanned_at)

function decideUse(by: Identity, ticket: Ticket | undefined, at: Timestamp): Decided | DomainError {
  if (!ticket || !maySeeTicket(by, ticket)) return new DomainError('ticket_not_found')
  if (ticket.status === 'void') return new DomainError('ticket_void')
  if (ticket.status === 'used') return new DomainError('ticket_already_used')
  return admitted(ticket, at)
}

const admitted = (ticket: Ticket, at: Timestamp): Decided => ({
  outcome: 'admitted',
  ticket: { ...ticket, status: 'used', updated_at: at },
})

function alreadyAdmitted(last: LastAdmission | undefined): DomainError {
  const members = last && { used: { at: toRfc3339(last.at), door: last.door } }
  return new DomainError('already_admitted', undefined, { ...(members && { members }) })
}

/** Of acts at doors in the order in which they were kept, the last admission of each ticket that still counts. */
export function lastAdmissions(rows: readonly CheckIn[]): LastAdmission[] {
  const last = new Map<number, LastAdmission>()
  for (const row of rows) {
    if (row.undone_at === null && (row.kind === 'admitted' || row.kind === 'returned')) last.set(row.ticket_id, row)
  }
  return [...last.values()]
}
