import type { Deps } from '../../deps.ts'
import { DomainError } from '../../lib/errors.ts'
import { groupQueue, type GroupQueue } from '../../lib/group-queue.ts'
import { toTimestamp } from '../../lib/time.ts'
import { isOnSale, type Event } from '../events/event.ts'
import type { SharedRead } from '../../db/shared-read.ts'
import { holderNames, type Booking } from './booking.ts'
import type { CreateBooking } from './bookings.schema.ts'
import { groupCommitter, type PlacedOrder } from './commit-group.ts'
import { findAnswer, idempotencyKey } from './idempotency.ts'

/** More than anyone could wait for is more than should be kept in memory. */
const limits = { length_max: 5_000, wait_ms_max: 5_000 }

/** A group's tickets stay well under the largest packet that a MySQL server takes by default. */
const weight = { of: ({ quantity }: PlacedOrder) => quantity, max: 4_000 }

/** How many sold-out events are remembered as such. */
const sold_out_max = 10_000

/** The line for bookings of this server. There is one, whatever ways lead to it. */
export type BookingLine = Readonly<{
  queue: GroupQueue<PlacedOrder, Booking>
  events: SharedRead<Event>
  /** Events last seen sold out, closed or past: worth a look before waiting for their lock. */
  offSale: Set<number>
  keysInFlight: Set<string>
}>

export function openBookingLine(deps: Deps, events: SharedRead<Event>): BookingLine {
  return {
    queue: groupQueue(groupCommitter(deps), limits, weight),
    events,
    offSale: new Set(),
    keysInFlight: new Set(),
  }
}

export type Booked = { booking: Booking; replayed: boolean }

/**
 * Takes the seats, makes the booking and issues its tickets, all or nothing. With an Idempotency-Key, a booking
 * that was made under it before is answered again.
 *
 * @throws DomainError `holder_names_mismatch`, `event_not_found`, `event_not_available`, `not_enough_seats`,
 *   `customer_not_found`, `not_a_customer`; `invalid_idempotency_key`, `idempotency_key_reused`,
 *   `idempotency_key_in_use`; `server_busy`, `database_unavailable`, `outcome_unknown`
 */
export async function createBooking(
  deps: Deps,
  line: BookingLine,
  input: CreateBooking,
  givenKey?: string,
): Promise<Booked> {
  if (givenKey === undefined) return { booking: await book(deps, line, input), replayed: false }

  const key = idempotencyKey(givenKey, input)
  const name = `${key.scope} ${key.key}`
  if (line.keysInFlight.has(name)) throw new DomainError('idempotency_key_in_use')
  line.keysInFlight.add(name)
  try {
    const before = await findAnswer(deps.database, key)
    if (before) return { booking: before, replayed: true }
    try {
      return { booking: await book(deps, line, input, key), replayed: false }
    } catch (error) {
      // Another server may have made it while this one was waiting: then its answer is ours.
      const meanwhile = await findAnswer(deps.database, key)
      if (meanwhile) return { booking: meanwhile, replayed: true }
      throw error
    }
  } finally {
    line.keysInFlight.delete(name)
  }
}

async function book(deps: Deps, line: BookingLine, input: CreateBooking, key?: PlacedOrder['key']): Promise<Booking> {
  const { customer_id, event_id, quantity } = input
  const holders = holderNames(quantity, input.holder_names)
  await refuseOffSale(deps, line, event_id)
  try {
    return await line.queue.join({ customer_id, event_id, quantity, holders, key })
  } catch (error) {
    if (error instanceof DomainError && error.code === 'event_not_available') remember(line.offSale, event_id)
    throw error
  }
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
