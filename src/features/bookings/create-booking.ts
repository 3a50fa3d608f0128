import type { Deps } from '../../deps.ts'
import { isOrganizerOf, type Caller } from '../../lib/caller.ts'
import { DomainError } from '../../lib/errors.ts'
import { groupQueue, type GroupQueue } from '../../lib/group-queue.ts'
import { quantity_max } from '../../lib/limits.ts'
import { queueObserver } from '../../lib/metrics.ts'
import { toTimestamp } from '../../lib/time.ts'
import { isOnSale, type Event } from '../events/event.ts'
import type { SharedRead } from '../../db/shared-read.ts'
import { holderNames, type Booking } from './booking.ts'
import type { CanPay, OrderItem } from './booking-group.ts'
import { groupCommitter, type PlacedOrder } from './commit-group.ts'
import { idempotencyKey, once, type KeysInFlight } from '../idempotency/idempotency.ts'

/** More than anyone could wait for is more than should be kept in memory. */
const limits = { length_max: 5_000, wait_ms_max: 5_000 }

/**
 * A group's tickets stay well under the largest packet that a MySQL server takes by default. So many may wait, since each
 * has a holder's name of up to 100 characters: bookings alone say little of how much memory is kept.
 */
const weight = { of: ({ quantity }: PlacedOrder) => quantity, max: 4_000, waiting_max: 50_000 }

/** How many sold-out events are remembered as such. */
const sold_out_max = 10_000

/** The line for bookings of this server. There is one, whatever ways lead to it. */
export type BookingLine = Readonly<{
  queue: GroupQueue<PlacedOrder, Booking>
  events: SharedRead<Event>
  /** Events last seen sold out, closed or past: worth a look before waiting for their lock. */
  offSale: Set<number>
  keysInFlight: KeysInFlight
}>

/** @param canPay whether somebody can be paid so much; left out where nothing is paid for */
export function openBookingLine(
  deps: Deps,
  events: SharedRead<Event>,
  keysInFlight: KeysInFlight,
  canPay?: CanPay,
): BookingLine {
  return {
    queue: groupQueue(groupCommitter(deps, canPay), limits, weight, queueObserver('bookings')),
    events,
    offSale: new Set(),
    keysInFlight,
  }
}

/** Either so many tickets of the event's first type, or items of types that are named. */
export type NewBooking = {
  customer_id: number
  event_id: number
  quantity?: number | undefined
  holder_names?: readonly string[] | null | undefined
  items?: readonly NewItem[] | undefined
}
export type NewItem = { ticket_type_id: number; quantity: number; holder_names?: readonly string[] | null | undefined }

/**
 * Takes the seats and makes the booking, all or nothing: with its tickets, or pending if it must be paid first. With an
 * Idempotency-Key, a booking that was made under it before is answered again.
 *
 * @throws DomainError `not_own_customer_id`, `items_or_quantity`, `too_many_tickets`, `ticket_type_repeated`,
 *   `holder_names_mismatch`, `event_not_found`, `event_not_available`, `ticket_type_not_found`,
 *   `ticket_type_not_on_sale`, `quantity_not_sold`, `not_enough_seats`, `total_not_payable`, `customer_not_found`,
 *   `not_a_customer`; `invalid_idempotency_key`,
 *   `idempotency_key_reused`, `idempotency_key_in_use`; `server_busy`, `database_unavailable`, `outcome_unknown`
 */
export async function createBooking(
  deps: Deps,
  line: BookingLine,
  caller: Caller,
  input: NewBooking,
  givenKey?: string,
): Promise<{ booking: Booking; replayed: boolean }> {
  const { customer_id, event_id, quantity, items } = input
  // Two customers' keys never meet, nor do those of a box office and its customers.
  const asked = [customer_id, event_id, quantity, input.holder_names ?? [], ...(items ? [items] : [])]
  const key = idempotencyKey(givenKey, caller, 'book', asked)
  if (caller.role === 'customer' && caller.user_id !== customer_id) throw new DomainError('not_own_customer_id')
  const { result, replayed } = await once(deps.database, line.keysInFlight, key, () =>
    book(deps, line, caller, input, key),
  )
  return { booking: result, replayed }
}

async function book(
  deps: Deps,
  line: BookingLine,
  caller: Caller,
  input: NewBooking,
  key: PlacedOrder['key'],
): Promise<Booking> {
  const { customer_id, event_id } = input
  const items = itemsOf(input)
  const quantity = items.reduce((sum, { holders }) => sum + holders.length, 0)
  // A box office sells what its owner puts on, and is paid at its counter.
  const isPaidAlready = caller.role === 'organizer'
  if (isPaidAlready) {
    const event = await line.events.find(event_id)
    if (!event || !isOrganizerOf(caller, event.organizer_id)) throw new DomainError('event_not_found')
  }
  await refuseOffSale(deps, line, event_id)
  try {
    return await line.queue.join({ customer_id, event_id, quantity, items, isPaidAlready, caller, key })
  } catch (error) {
    if (error instanceof DomainError && error.code === 'event_not_available') remember(line.offSale, event_id)
    throw error
  }
}

function itemsOf({ quantity, holder_names, items }: NewBooking): OrderItem[] {
  if (items) {
    if (quantity !== undefined || holder_names) throw new DomainError('items_or_quantity')
    if (new Set(items.map(({ ticket_type_id }) => ticket_type_id)).size < items.length) {
      throw new DomainError('ticket_type_repeated')
    }
    // Before they are numbered: there are no more numbers than that.
    if (items.reduce((sum, item) => sum + item.quantity, 0) > quantity_max) throw new DomainError('too_many_tickets')
    let before = 0
    return items.map((item) => {
      const holders = holderNames(item.quantity, item.holder_names, before)
      before += item.quantity
      return { ticket_type_id: item.ticket_type_id, holders }
    })
  }
  if (quantity === undefined) throw new DomainError('items_or_quantity')
  return [{ holders: holderNames(quantity, holder_names) }]
}

/**
 * What was off sale is looked at, fresh and without a lock, before anyone waits for its lock: after a sell-out a
 * refusal costs one read that all who ask at the same moment share.
 */
async function refuseOffSale(deps: Deps, { offSale, events }: BookingLine, eventId: number): Promise<void> {
  if (!offSale.has(eventId)) return
  const event = await events.find(eventId)
  if (event && !isOnSale(event, toTimestamp(deps.now()))) throw new DomainError('event_not_available')
  offSale.delete(eventId)
}

function remember(set: Set<number>, id: number): void {
  if (set.size >= sold_out_max) set.delete(set.values().next().value!)
  set.add(id)
}
