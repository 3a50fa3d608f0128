import type { Tx } from '../../db/database.ts'
import { inTransaction } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import type { Caller } from '../../lib/caller.ts'
import { DomainError } from '../../lib/errors.ts'
import { patchedMoment, toTimestamp, type Timestamp } from '../../lib/time.ts'
import { difference, record } from '../audit/record.ts'
import { isSold, lockForTypes, typesChanged } from '../events/change-types.ts'
import type { Keep } from '../idempotency/idempotency.ts'
import { availableOf, inOrder, type TicketType } from './ticket-type.ts'
import { findTicketType, insertTicketType, listTicketTypes, updateTicketType } from './ticket-types.sql.ts'

/** Every booking group reads them all. */
const types_max = 50

export type NewTicketType = {
  name: string
  description?: string | undefined
  price: number
  /** Null or left out: it shares the event's seats. */
  capacity?: number | null | undefined
  /** RFC 3339; null for no limit. */
  sales_open_at?: string | null | undefined
  sales_close_at?: string | null | undefined
  min_per_booking?: number | undefined
  max_per_booking?: number | undefined
  hidden?: boolean | undefined
  position?: number | undefined
}

const audited = [
  'name',
  'description',
  'price',
  'capacity',
  'sales_open_at',
  'sales_close_at',
  'min_per_booking',
  'max_per_booking',
  'hidden',
  'position',
] as const

/**
 * Adds a type to an event.
 *
 * @throws DomainError `event_not_found`, `not_own_event`, `too_many_ticket_types`, `quantity_range_empty`,
 *   `sales_window_empty`
 */
export async function addTicketType(
  deps: Deps,
  caller: Caller,
  eventId: number,
  input: NewTicketType,
  keep?: Keep<TicketType>,
): Promise<TicketType> {
  const at = toTimestamp(deps.now())
  return inTransaction(deps.database, async (tx) => {
    const { organizer_id } = await lockForTypes(tx, deps, caller, eventId)
    const types = await listTicketTypes(tx, eventId)
    if (types.length >= types_max) throw new DomainError('too_many_ticket_types')
    const capacity = input.capacity ?? null
    const values = {
      name: input.name,
      description: input.description ?? '',
      price: input.price,
      capacity,
      available_seat: capacity,
      sales_open_at: patchedMoment(input.sales_open_at, null),
      sales_close_at: patchedMoment(input.sales_close_at, null),
      min_per_booking: input.min_per_booking ?? 1,
      max_per_booking: input.max_per_booking ?? 1_000,
      hidden: flag(input.hidden ?? false),
      position: input.position ?? 0,
    }
    assertSound(values)
    const id = await insertTicketType(tx, { event_id: eventId, ...values, created_at: at, updated_at: at })
    await mirrorFirst(tx, eventId, at)
    const type = (await findTicketType(tx, id))!
    const { became } = difference({} as TicketType, type, audited)
    await record(tx, caller, at, {
      action: 'ticket_type_created',
      entity: 'ticket_type',
      entity_id: id,
      organizer_id,
      became,
    })
    await keep?.(tx, type)
    return type
  })
}

/**
 * Changes what is given and keeps the rest. Tickets that are sold keep what was paid for them.
 *
 * @param assertMatches throws if this is not the version that the caller means to change
 * @throws DomainError `ticket_type_not_found`, `not_own_event`, `capacity_below_booked_seats`,
 *   `ticket_type_already_sold`, `quantity_range_empty`, `sales_window_empty`
 */
export async function changeTicketType(
  deps: Deps,
  caller: Caller,
  id: number,
  change: Partial<NewTicketType>,
  assertMatches?: (type: TicketType) => void,
): Promise<TicketType> {
  const at = toTimestamp(deps.now())
  return inTransaction(deps.database, async (tx) => {
    const { type, organizer_id } = await lockedType(tx, deps, caller, id)
    assertMatches?.(type)
    const { name, description, price, min_per_booking, max_per_booking, hidden, position } = change
    const values = {
      name: name ?? type.name,
      description: description ?? type.description,
      price: price ?? type.price,
      sales_open_at: patchedMoment(change.sales_open_at, type.sales_open_at),
      sales_close_at: patchedMoment(change.sales_close_at, type.sales_close_at),
      min_per_booking: min_per_booking ?? type.min_per_booking,
      max_per_booking: max_per_booking ?? type.max_per_booking,
      hidden: hidden === undefined ? type.hidden : flag(hidden),
      position: position ?? type.position,
      ...(await resized(tx, type, change.capacity)),
    }
    assertSound(values)
    await updateTicketType(tx, id, { ...values, updated_at: at })
    await mirrorFirst(tx, type.event_id, at)
    const after = (await findTicketType(tx, id))!
    await record(tx, caller, at, {
      action: 'ticket_type_changed',
      entity: 'ticket_type',
      entity_id: id,
      organizer_id,
      ...difference(type, after, audited),
    })
    return after
  })
}

/**
 * Takes a type off sale for good. Tickets of it that are sold stay good, and a hold of it may still be paid.
 *
 * @param assertMatches throws if this is not the version that the caller means to delete
 * @throws DomainError `ticket_type_not_found`, `not_own_event`, `last_ticket_type`
 */
export async function removeTicketType(
  deps: Deps,
  caller: Caller,
  id: number,
  assertMatches?: (type: TicketType) => void,
): Promise<void> {
  const at = toTimestamp(deps.now())
  await inTransaction(deps.database, async (tx) => {
    const { type, organizer_id } = await lockedType(tx, deps, caller, id)
    assertMatches?.(type)
    if ((await listTicketTypes(tx, type.event_id)).length === 1) throw new DomainError('last_ticket_type')
    await updateTicketType(tx, id, { deleted_at: at })
    await mirrorFirst(tx, type.event_id, at)
    await record(tx, caller, at, {
      action: 'ticket_type_deleted',
      entity: 'ticket_type',
      entity_id: id,
      organizer_id,
    })
  })
}

/** A type with its event locked: a type never changes its event, so it is read to know what to lock. */
async function lockedType(
  tx: Tx,
  deps: Deps,
  caller: Caller,
  id: number,
): Promise<{ type: TicketType; organizer_id: number }> {
  const before = await findTicketType(tx, id)
  if (!before) throw new DomainError('ticket_type_not_found')
  const { organizer_id } = await lockForTypes(tx, deps, caller, before.event_id)
  const type = await findTicketType(tx, id)
  if (!type) throw new DomainError('ticket_type_not_found')
  return { type, organizer_id }
}

/**
 * A type's own seats are counted from its first sale on. One that shared the event's until now has not been counted, so
 * it can get seats of its own only while nothing is sold.
 */
async function resized(
  tx: Tx,
  { event_id, capacity: before, available_seat }: TicketType,
  capacity: number | null | undefined,
): Promise<Pick<TicketType, 'capacity' | 'available_seat'>> {
  if (capacity === undefined || capacity === before) return { capacity: before, available_seat }
  if (before === null && (await isSold(tx, event_id))) throw new DomainError('ticket_type_already_sold')
  const sold = before === null ? 0 : before - available_seat!
  return { capacity, available_seat: availableOf(capacity, sold) }
}

async function mirrorFirst(tx: Tx, eventId: number, at: Timestamp): Promise<void> {
  const [first] = inOrder(await listTicketTypes(tx, eventId))
  await typesChanged(tx, eventId, first!.price, at)
}

function assertSound({
  min_per_booking,
  max_per_booking,
  sales_open_at,
  sales_close_at,
}: Pick<TicketType, 'min_per_booking' | 'max_per_booking' | 'sales_open_at' | 'sales_close_at'>): void {
  if (min_per_booking > max_per_booking) throw new DomainError('quantity_range_empty')
  if (sales_open_at !== null && sales_close_at !== null && sales_open_at >= sales_close_at) {
    throw new DomainError('sales_window_empty')
  }
}

const flag = (on: boolean): 0 | 1 => (on ? 1 : 0)
