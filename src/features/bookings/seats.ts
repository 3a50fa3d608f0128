import type { Tx } from '../../db/database.ts'
import type { Timestamp } from '../../lib/time.ts'
import { changeSeats } from '../events/change-seats.ts'
import { changeTypeSeats } from '../ticket-types/change-type-seats.ts'

/** Seats of one event, counted by ticket type. */
export type SeatCount = ReadonlyMap<number, number>

export function countSeats(types: Iterable<{ ticket_type_id: number; count: number }>): SeatCount {
  const seats = new Map<number, number>()
  for (const { ticket_type_id, count } of types) seats.set(ticket_type_id, (seats.get(ticket_type_id) ?? 0) + count)
  return seats
}

/** Puts seats back on sale. The event is locked. */
export async function giveBack(tx: Tx, eventId: number, seats: SeatCount, at: Timestamp): Promise<void> {
  const sum = sumOf(seats)
  if (sum === 0) return
  await changeSeats(tx, eventId, sum, at)
  await changeTypeSeats(tx, seats, at)
}

/**
 * Takes seats again that were given back before. The event is locked.
 *
 * @throws DomainError `not_enough_seats`, `event_not_found`
 */
export async function takeAgain(tx: Tx, eventId: number, seats: SeatCount, at: Timestamp): Promise<void> {
  await changeSeats(tx, eventId, -sumOf(seats), at)
  await changeTypeSeats(tx, new Map([...seats].map(([id, count]) => [id, -count])), at)
}

/** The same where a transaction goes on either way: looked at before anything is changed. */
export async function takeIfThere(tx: Tx, eventId: number, seats: SeatCount, at: Timestamp): Promise<boolean> {
  const event = await tx
    .selectFrom('event')
    .select('available_seat')
    .where('id', '=', eventId)
    .executeTakeFirstOrThrow()
  const types = await tx
    .selectFrom('ticket_type')
    .select(['id', 'available_seat'])
    .where('id', 'in', [...seats.keys()])
    .execute()
  const fits = types.every(({ id, available_seat }) => available_seat === null || available_seat >= seats.get(id)!)
  if (event.available_seat < sumOf(seats) || !fits) return false
  await takeAgain(tx, eventId, seats, at)
  return true
}

function sumOf(seats: SeatCount): number {
  let sum = 0
  for (const count of seats.values()) sum += count
  return sum
}
