import { reading } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import { isOrganizerOf, maySeeBooking, maySeeTicket, type Caller } from '../../lib/caller.ts'
import { DomainError, type ErrorCode } from '../../lib/errors.ts'
import { findBooking } from '../bookings/bookings.sql.ts'
import type { Booking } from '../bookings/booking.ts'
import { readLink } from '../signatures/link-token.ts'
import { listTicketsByBooking, listTicketsByIds, type Ticket } from '../tickets/tickets.sql.ts'

/** Who wants a document: somebody signed in, or whoever has a signed link. */
export type Opener = Readonly<{ caller: Caller; token: string | undefined }>

/**
 * A ticket whose documents this one may have: its customer as long as it is theirs, the event's organizer and staff, or
 * who has a link to it or to its booking.
 *
 * @throws DomainError `not_signed_in`, `invalid_link`, `ticket_not_found`, `forbidden` to the customer who handed it
 *   over, `ticket_void`
 */
export async function openTicket(deps: Deps, opener: Opener, id: number): Promise<Ticket> {
  requireSomething(opener)
  const [ticket] = await reading(deps.database, (db) => listTicketsByIds(db, [id]))
  if (!ticket || !maySeeTicket(opener.caller, ticket)) {
    if (!ticket || !(await opensTicket(deps, opener, ticket))) throw refusal(opener, 'ticket_not_found')
  } else if (!isCallersOwn(opener.caller, ticket) && !(await opensTicket(deps, opener, ticket))) {
    throw new DomainError('forbidden')
  }
  if (ticket.status === 'void') throw new DomainError('ticket_void')
  return ticket
}

/**
 * A booking whose documents this one may have: its customer, the event's organizer, or who has a link to it.
 *
 * @throws DomainError `not_signed_in`, `invalid_link`, `booking_not_found`
 */
export async function openBooking(deps: Deps, opener: Opener, id: number): Promise<Booking> {
  requireSomething(opener)
  const booking = await reading(deps.database, (db) => findBooking(db, id))
  const isOpen = booking && (maySeeBooking(opener.caller, booking) || (await opensBooking(deps, opener, id)))
  if (!isOpen) throw refusal(opener, 'booking_not_found')
  return booking
}

/**
 * The tickets of a booking that this one may have: to its customer, those that were handed over are nobody's business
 * any more.
 *
 * @throws DomainError as `openBooking`, and `ticket_not_found` if there are none
 */
export async function openTicketsOfBooking(deps: Deps, opener: Opener, id: number): Promise<readonly number[]> {
  const booking = await openBooking(deps, opener, id)
  const tickets = await reading(deps.database, (db) => listTicketsByBooking(db, booking.id))
  const all = isOrganizerOf(opener.caller, booking.organizer_id)
  const open = tickets.filter(({ holder_email }) => all || holder_email === null)
  if (open.length === 0) throw new DomainError('ticket_not_found')
  return open.map((ticket) => ticket.id)
}

/** Before anything is looked up: who has nothing to show learns nothing. */
function requireSomething({ caller, token }: Opener): void {
  if (caller.role === 'visitor' && token === undefined) throw new DomainError('not_signed_in')
}

/** Who brought a link is told of the link, whatever is there. */
const refusal = ({ token }: Opener, notFound: ErrorCode) =>
  new DomainError(token === undefined ? notFound : 'invalid_link')

/** Whether a ticket that the caller may look up is theirs to show: not if they handed it over. */
const isCallersOwn = (caller: Caller, ticket: Ticket): boolean =>
  ticket.holder_email === null || isOrganizerOf(caller, ticket.organizer_id) || caller.staff_of.has(ticket.event_id)

async function opensBooking({ signer, now }: Deps, { token }: Opener, id: number): Promise<boolean> {
  return token !== undefined && (await readLink(signer, token, 'booking', now()))?.id === id
}

async function opensTicket(deps: Deps, opener: Opener, ticket: Ticket): Promise<boolean> {
  if (opener.token === undefined) return false
  const link = await readLink(deps.signer, opener.token, 'ticket', deps.now())
  if (link) return link.id === ticket.id && link.version === ticket.version
  return ticket.holder_email === null && (await opensBooking(deps, opener, ticket.booking_id))
}
