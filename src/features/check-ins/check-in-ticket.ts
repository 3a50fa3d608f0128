import { sharedRead, type SharedRead } from '../../db/shared-read.ts'
import type { Deps } from '../../deps.ts'
import { assertMayCheckIn, mayCheckIn, type Caller } from '../../lib/caller.ts'
import { DomainError } from '../../lib/errors.ts'
import type { Event } from '../events/event.ts'
import { readEvent } from '../events/read-event.ts'
import type { IdempotencyKey } from '../idempotency/idempotency.ts'
import { readTicketToken } from '../signatures/ticket-token.ts'
import { listTicketsByCodes, type Ticket } from '../tickets/tickets.sql.ts'
import type { DoorLine, KeptAct } from './door-line.ts'
import { showAct } from './show-check-in.ts'

/** What a door scanned or typed. */
export type Scan = Readonly<{
  token?: string
  code?: string
  event_id: number
  door: string
  action: 'admit' | 'leave'
}>

/** Tickets by their codes, read for many doors at once. */
export type TicketCodes = SharedRead<{ id: string; ticket: Ticket }, string>

/** Opens the shared reading of tickets by their codes. */
export function openTicketCodes({ database }: Pick<Deps, 'database'>): TicketCodes {
  return sharedRead(database, async (db, codes: readonly string[]) =>
    (await listTicketsByCodes(db, codes)).map((ticket) => ({ id: ticket.ticket_code, ticket })),
  )
}

type Doors = Pick<Deps, 'signer'> & { doors: DoorLine; events: SharedRead<Event>; codes: TicketCodes }

/**
 * Lets somebody in or out at a door, once, whoever else comes with the same ticket at the same moment.
 *
 * @throws DomainError `token_or_code`, `event_not_found`, `not_own_event`, `token_forged`, `ticket_unknown`,
 *   `ticket_of_another_event`, `ticket_handed_over`, `ticket_void`, `ticket_not_yet_valid` with `valid_from`,
 *   `already_admitted` with when and where, `not_inside`, `reentry_not_allowed`
 */
export async function checkInTicket(
  deps: Doors,
  caller: Caller,
  scan: Scan,
  key?: IdempotencyKey,
): Promise<ReturnType<typeof showAct>> {
  if ((scan.token === undefined) === (scan.code === undefined)) throw new DomainError('token_or_code')
  const event = await readEvent(deps.events, scan.event_id)
  assertMayCheckIn(caller, event)
  const { ticket, version } = await findScanned(deps, caller, scan)
  const kept: KeptAct = await deps.doors.queue.join({
    act: { action: scan.action, ticket_id: ticket.id, version, event },
    door: scan.door,
    caller,
    ticket_type_id: ticket.ticket_type_id,
    key,
    answer: showAct,
  })
  return showAct(kept)
}

/** The ticket, as it was a moment ago: what counts is read under its lock. */
async function findScanned(
  { signer, doors, codes }: Doors,
  caller: Caller,
  { token, code }: Scan,
): Promise<{ ticket: Ticket; version: number }> {
  if (token !== undefined) {
    const said = await readTicketToken(signer, token)
    if (!said) throw new DomainError('token_forged')
    const ticket = await doors.tickets.find(said.ticket_id)
    if (!ticket) throw new DomainError('ticket_unknown')
    return { ticket, version: said.version }
  }
  const typed = plainCode(code!)
  const found = typed === undefined ? undefined : await codes.find(typed)
  // Whose code it is at another organizer's door is nobody's business here.
  if (!found || !mayCheckIn(caller, { id: found.ticket.event_id, organizer_id: found.ticket.organizer_id })) {
    throw new DomainError('ticket_unknown')
  }
  return { ticket: found.ticket, version: found.ticket.version }
}

/** A code as it is stored, however people type it; undefined for what no code can be. */
export function plainCode(typed: string): string | undefined {
  const plain = typed.replaceAll(/[\s-]/g, '').toUpperCase()
  return /^[0-9A-Z]{1,8}$/.test(plain) ? plain : undefined
}
