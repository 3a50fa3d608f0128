import { DomainError } from '../../lib/errors.ts'
import type { Timestamp } from '../../lib/time.ts'
import { isOnSale, type Event } from '../events/event.ts'
import type { User } from '../users/users.sql.ts'

/** What is asked of the group for one customer. */
export type Order = {
  customer_id: number
  event_id: number
  quantity: number
}

export type EventOnSale = Pick<
  Event,
  'id' | 'organizer_id' | 'price' | 'available_seat' | 'closed' | 'date' | 'deleted_at'
>
export type Customer = Pick<User, 'id' | 'role' | 'deleted_at'>

/** The price that one order pays, and to whom, or why it is refused. */
export type Decision = { total_price: number; organizer_id: number } | DomainError

/**
 * Decides the orders of one group, first come, first served, on events that are locked. Each takes its seats
 * from what those before it left; one that is refused takes none. What can't be had for the event is said
 * before what is wrong with the customer.
 */
export function decideGroup(
  orders: readonly Order[],
  events: ReadonlyMap<number, EventOnSale>,
  customers: ReadonlyMap<number, Customer>,
  at: Timestamp,
): Decision[] {
  const taken = new Map<number, number>()
  return orders.map(({ event_id, customer_id, quantity }) => {
    const event = events.get(event_id)
    if (!event || event.deleted_at) return new DomainError('event_not_found')
    const available_seat = event.available_seat - (taken.get(event_id) ?? 0)
    if (!isOnSale({ ...event, available_seat }, at)) return new DomainError('event_not_available')
    if (available_seat < quantity) return new DomainError('not_enough_seats')
    const customer = customers.get(customer_id)
    if (!customer || customer.deleted_at) return new DomainError('customer_not_found')
    if (customer.role !== 'customer') return new DomainError('not_a_customer')
    taken.set(event_id, (taken.get(event_id) ?? 0) + quantity)
    return { total_price: event.price * quantity, organizer_id: event.organizer_id }
  })
}
