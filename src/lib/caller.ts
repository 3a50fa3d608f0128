import { DomainError } from './errors.ts'

/** What an account may be. Customers and organizers register; organizers invite staff; admins are made by who runs the server. */
export type Role = 'customer' | 'organizer' | 'staff' | 'admin'

/** What an API key may be good for. */
export type Scope = 'read' | 'sell' | 'check-in'
export const scopes: readonly Scope[] = ['read', 'sell', 'check-in']

/** Who is asking, as far as it was found out. */
export type Identity = Readonly<{
  /** Undefined for a visitor, and for everyone where there are no accounts. */
  user_id: number | undefined
  /** `visitor` has not signed in; `anyone` is who asks a server that runs without accounts. */
  role: Role | 'visitor' | 'anyone'
  session_id?: string | undefined
  api_key_id?: number | undefined
  /** Of an API key only: what it is good for. */
  scopes?: readonly Scope[] | undefined
  /** The events whose tickets this one may look up and use as staff. */
  staff_of: ReadonlySet<number>
}>

/** Who is asking, by which request, from where: what the audit trail writes down. */
export type Caller = Identity & Readonly<{ request_id: string | null; address: string | null }>

const nobody = { user_id: undefined, staff_of: new Set<number>() } as const

export const visitor: Identity = { ...nobody, role: 'visitor' }
/** Where there are no accounts, anyone may do anything. */
export const anyone: Identity = { ...nobody, role: 'anyone' }
/** The server itself, for what it does by itself or by its command line. */
export const system: Caller = { ...anyone, request_id: null, address: null }

/** Whether every row is this caller's to see and to change. */
export function seesAll({ role }: Identity): boolean {
  return role === 'admin' || role === 'anyone'
}

/** Whether this is the caller's own account, or the caller is above accounts. */
export function isSelf(caller: Identity, userId: number): boolean {
  return seesAll(caller) || caller.user_id === userId
}

/** Whether the caller runs the event with this organizer. */
export function isOrganizerOf(caller: Identity, organizerId: number): boolean {
  return seesAll(caller) || (caller.role === 'organizer' && caller.user_id === organizerId)
}

/** Whether the caller may see this booking: as its customer or as the event's organizer. */
export function maySeeBooking(caller: Identity, booking: { customer_id: number; organizer_id: number }): boolean {
  if (isOrganizerOf(caller, booking.organizer_id)) return true
  return caller.role === 'customer' && caller.user_id === booking.customer_id
}

/** Whether the caller may look up this ticket: who may see its booking, and the event's staff. */
export function maySeeTicket(
  caller: Identity,
  ticket: { customer_id: number; organizer_id: number; event_id: number },
): boolean {
  return maySeeBooking(caller, ticket) || caller.staff_of.has(ticket.event_id)
}

/** Whether the caller may let people in: its organizer and its staff. */
export function mayCheckIn(caller: Identity, event: { id: number; organizer_id: number }): boolean {
  return isOrganizerOf(caller, event.organizer_id) || caller.staff_of.has(event.id)
}

/** @throws DomainError `not_own_event`, which staff of other events are told in words of their own */
export function assertMayCheckIn(caller: Identity, event: { id: number; organizer_id: number }): void {
  if (mayCheckIn(caller, event)) return
  throw new DomainError('not_own_event', caller.role === 'staff' ? 'you are not staff of this event' : undefined)
}

/** An id that no row has. */
export const no_id = 0

/**
 * What narrows a list of bookings or tickets to those of the caller: as their customer, or as their events'
 * organizer; with the customer that the caller asks for.
 */
export function ownedBy(
  caller: Identity,
  customer_id: number | undefined,
): { customer_id?: number | undefined; organizer_id?: number | undefined } {
  if (seesAll(caller)) return { customer_id }
  if (caller.role === 'organizer') return { customer_id, organizer_id: caller.user_id }
  const own = caller.user_id ?? no_id
  return { customer_id: customer_id === undefined || customer_id === own ? own : no_id }
}
