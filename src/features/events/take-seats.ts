import type { Tx } from '../../db/database.ts'
import { DomainError } from '../../lib/errors.ts'
import type { Timestamp } from '../../lib/time.ts'
import { isOnSale, type Event } from './event.ts'
import { findEvent } from './events.sql.ts'

/**
 * Takes all the seats or none, and keeps the event locked until the transaction ends, so that the price
 * that is read is the price that is charged. The guard stands in WHERE: no interleaving can oversell.
 *
 * @returns the event with the seats taken
 * @throws DomainError `event_not_found`, `event_not_available`, `not_enough_seats`
 */
export async function takeSeats(tx: Tx, id: number, quantity: number, at: Timestamp): Promise<Event> {
  const { numUpdatedRows } = await tx
    .updateTable('event')
    .set((eb) => ({ available_seat: eb('available_seat', '-', quantity), updated_at: at }))
    .where('id', '=', id)
    .where('available_seat', '>=', quantity)
    .where('closed', '=', 0)
    .where('date', '>', at)
    .executeTakeFirst()
  const event = await findEvent(tx, id)
  if (!event) throw new DomainError('event_not_found')
  if (numUpdatedRows === 1n) return event
  throw new DomainError(isOnSale(event, at) ? 'not_enough_seats' : 'event_not_available')
}
