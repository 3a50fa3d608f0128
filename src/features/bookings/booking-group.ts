import { DomainError } from '../../lib/errors.ts'
import { addSeconds, type Timestamp } from '../../lib/time.ts'
import { isOnSale, type Event } from '../events/event.ts'
import { inOrder, isWithinSales, type TicketType } from '../ticket-types/ticket-type.ts'
import type { User } from '../users/users.sql.ts'
import type { BookedItem } from './booking.ts'

/** So many tickets of a type, each with its holder; of the event's first type if none is named. */
export type OrderItem = { ticket_type_id?: number | undefined; holders: readonly string[] }

/** What is asked of the group for one customer. */
export type Order = {
  customer_id: number
  event_id: number
  /** The sum over the items. */
  quantity: number
  items: readonly OrderItem[]
  /** Paid at a counter of the organizer's: there is nothing to wait for. */
  isPaidAlready?: boolean | undefined
}

export type TypeOnSale = Pick<
  TicketType,
  | 'id'
  | 'event_id'
  | 'price'
  | 'available_seat'
  | 'sales_open_at'
  | 'sales_close_at'
  | 'min_per_booking'
  | 'max_per_booking'
  | 'hidden'
  | 'position'
  | 'deleted_at'
>
export type EventOnSale = Pick<
  Event,
  | 'id'
  | 'organizer_id'
  | 'available_seat'
  | 'closed'
  | 'date'
  | 'deleted_at'
  | 'cancelled_at'
  | 'sales_open_at'
  | 'sales_close_at'
  | 'currency'
  | 'hold_minutes'
  | 'version'
> & { types: readonly TypeOnSale[] }
export type Customer = Pick<User, 'id' | 'role' | 'deleted_at'>

/** Whether somebody can be paid so much; undefined where there is nobody to pay, and all is given away. */
export type CanPay = ((total: number, currency: string) => boolean) | undefined

/** What one order gets, from whom and at what price, or why it is refused. */
export type Decision =
  | {
      items: BookedItem[]
      /** Of those types that have seats of their own, how many of them it takes. */
      typeSeats: readonly (readonly [ticket_type_id: number, count: number])[]
      total_price: number
      currency: string
      organizer_id: number
      /** Until when it must be paid; null if there is nothing to pay. */
      expires_at: Timestamp | null
    }
  | DomainError

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
  canPay?: CanPay,
): Decision[] {
  const [takenOfEvent, takenOfType] = [new Map<number, number>(), new Map<number, number>()]
  const left = (available: number, taken: Map<number, number>, id: number) => available - (taken.get(id) ?? 0)
  const take = (taken: Map<number, number>, id: number, count: number) => taken.set(id, (taken.get(id) ?? 0) + count)

  return orders.map((order) => {
    const { event_id, customer_id, quantity } = order
    const event = events.get(event_id)
    if (!event || event.deleted_at) return new DomainError('event_not_found')
    const available_seat = left(event.available_seat, takenOfEvent, event_id)
    if (!isOnSale({ ...event, available_seat }, at)) return new DomainError('event_not_available')
    if (available_seat < quantity) return new DomainError('not_enough_seats')

    const items: BookedItem[] = []
    const typeSeats: [number, number][] = []
    let total_price = 0
    for (const { ticket_type_id, holders } of order.items) {
      const type = typeOf(event, ticket_type_id, at)
      if (type instanceof DomainError) return type
      const count = holders.length
      if (count < type.min_per_booking || count > type.max_per_booking) return countRefused(type)
      if (type.available_seat !== null && left(type.available_seat, takenOfType, type.id) < count) {
        return new DomainError('not_enough_seats')
      }
      if (type.available_seat !== null) typeSeats.push([type.id, count])
      items.push({ ticket_type_id: type.id, price: type.price, holder_names: holders })
      total_price += type.price * count
    }
    const isFree = total_price === 0 || !canPay || order.isPaidAlready
    if (!isFree && !canPay(total_price, event.currency)) return new DomainError('total_not_payable')

    const customer = customers.get(customer_id)
    if (!customer || customer.deleted_at) return new DomainError('customer_not_found')
    if (customer.role !== 'customer') return new DomainError('not_a_customer')

    take(takenOfEvent, event_id, quantity)
    for (const [id, count] of typeSeats) take(takenOfType, id, count)
    const expires_at = isFree ? null : addSeconds(at, event.hold_minutes * 60)
    const { currency, organizer_id } = event
    return { items, typeSeats, total_price, currency, organizer_id, expires_at }
  })
}

/** The type that is asked for. Without a name it is the event's first one, and what is wrong with it is the event's affair. */
function typeOf({ types }: EventOnSale, id: number | undefined, at: Timestamp): TypeOnSale | DomainError {
  if (id === undefined) {
    const first = types.length === 1 ? types[0] : inOrder(types)[0]
    return first && !first.deleted_at && isWithinSales(first, at) ? first : new DomainError('event_not_available')
  }
  const type = types.find((one) => one.id === id)
  if (!type || type.deleted_at) return new DomainError('ticket_type_not_found')
  return isWithinSales(type, at) ? type : new DomainError('ticket_type_not_on_sale')
}

function countRefused({ id, min_per_booking: min, max_per_booking: max }: TypeOnSale): DomainError {
  return new DomainError('quantity_not_sold', `tickets of type ${id} are sold ${min} to ${max} at a time`)
}
