import type { Tx } from '../../db/database.ts'
import { DomainError } from '../../lib/errors.ts'
import type { Timestamp } from '../../lib/time.ts'

/**
 * Gives seats back to types that have their own, or takes them where the number is negative. Types that share their
 * event's seats are left alone. The event is locked, so nobody else changes its types.
 *
 * @param seats by the type's id
 * @throws DomainError `not_enough_seats`
 */
export async function changeTypeSeats(tx: Tx, seats: ReadonlyMap<number, number>, at: Timestamp): Promise<void> {
  if (seats.size === 0) return
  const types = await tx
    .selectFrom('ticket_type')
    .select(['id', 'available_seat'])
    .where('id', 'in', [...seats.keys()])
    .where('available_seat', 'is not', null)
    .orderBy('id')
    .execute()
  for (const { id, available_seat } of types) {
    const left = available_seat! + seats.get(id)!
    if (left < 0) throw new DomainError('not_enough_seats')
    await tx.updateTable('ticket_type').set({ available_seat: left, updated_at: at }).where('id', '=', id).execute()
  }
}
