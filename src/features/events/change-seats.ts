import { sql } from 'kysely'
import { announce } from '../../db/changes.ts'
import type { Tx } from '../../db/database.ts'
import { DomainError } from '../../lib/errors.ts'
import type { Timestamp } from '../../lib/time.ts'

/**
 * Gives seats back to an event, or takes them if `seats` is negative. The guard stands in WHERE, so no interleaving
 * can oversell.
 *
 * @throws DomainError `event_not_found`, `not_enough_seats`
 */
export async function changeSeats(tx: Tx, eventId: number, seats: number, at: Timestamp): Promise<void> {
  announce(tx, at, { events: [eventId] })
  const { numUpdatedRows } = await tx
    .updateTable('event')
    .set((eb) => ({ available_seat: eb('available_seat', '+', seats), updated_at: at }))
    .where('id', '=', eventId)
    .where('deleted_at', 'is', null)
    .where('available_seat', '>=', -seats)
    .executeTakeFirst()
  if (numUpdatedRows === 1n) return
  const event = await tx
    .selectFrom('event')
    .select('id')
    .where('id', '=', eventId)
    .where('deleted_at', 'is', null)
    .executeTakeFirst()
  throw new DomainError(event ? 'not_enough_seats' : 'event_not_found')
}

/** Gives seats back to several events in one statement. They are locked. */
export async function returnSeats(tx: Tx, seats: ReadonlyMap<number, number>, at: Timestamp): Promise<void> {
  const ids = [...seats.keys()]
  announce(tx, at, { events: ids })
  await tx
    .updateTable('event')
    .set(({ eb, ref }) => {
      const [first, ...more] = [...seats]
      const start = eb
        .case(ref('id'))
        .when(first![0])
        .then(sql<number>`${first![1]} + 0`)
      const back = more.reduce((cases, [id, count]) => cases.when(id).then(sql<number>`${count} + 0`), start)
      return { available_seat: sql<number>`available_seat + ${back.end()}`, updated_at: at }
    })
    .where('id', 'in', ids)
    .execute()
}
