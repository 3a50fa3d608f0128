import { inTransaction, reading } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import { isOrganizerOf, system, type Caller } from '../../lib/caller.ts'
import { DomainError } from '../../lib/errors.ts'
import { toTimestamp } from '../../lib/time.ts'
import { record } from '../audit/record.ts'
import type { Keep } from '../idempotency/idempotency.ts'
import { putInOutbox } from '../outbox/put.ts'
import { cancelForEvent } from '../bookings/cancel-booking.ts'
import {
  countLiveBookings,
  findCancellation,
  findEventLocked,
  insertCancellation,
  listBookingsAfter,
  updateCancellation,
  updateEvent,
  type EventCancellation,
} from './events.sql.ts'

/** Bookings that a run of the job cancels before it lets others come in. */
const batch_max = 50

/**
 * Calls an event off: it sells nothing from now on, and a job cancels and refunds its bookings one after the other.
 *
 * @throws DomainError `event_not_found`, `not_own_event`, `event_already_cancelled`
 */
export async function cancelEvent(
  deps: Deps,
  caller: Caller,
  id: number,
  reason: string | undefined,
  keep?: Keep<EventCancellation>,
): Promise<EventCancellation> {
  const at = toTimestamp(deps.now())
  const begun = await inTransaction(deps.database, async (tx) => {
    const event = await findEventLocked(tx, deps.database.dialect, id)
    if (!event || event.deleted_at) throw new DomainError('event_not_found')
    const { organizer_id } = event
    if (!isOrganizerOf(caller, organizer_id)) throw new DomainError('not_own_event')
    if (event.cancelled_at) throw new DomainError('event_already_cancelled')
    // Nobody books from here on: a group needs this row, and the version that it had.
    await updateEvent(tx, id, { cancelled_at: at, closed: 1, updated_at: at })
    await insertCancellation(tx, {
      event_id: id,
      reason: reason ?? null,
      bookings: await countLiveBookings(tx, id),
      created_at: at,
      finished_at: null,
    })
    await record(tx, caller, at, {
      action: 'event_cancelled',
      entity: 'event',
      entity_id: id,
      organizer_id,
      ...(reason !== undefined && { became: { reason } }),
    })
    await putInOutbox(tx, { kind: 'cancel_bookings', key: `event ${id}`, payload: { event_id: id }, at })
    const cancellation = (await findCancellation(tx, id))!
    await keep?.(tx, cancellation)
    return cancellation
  })
  deps.wake()
  return begun
}

/** A batch of the job. False when it has come to its end. How far it is stands in the database, so any worker goes on. */
export async function cancelBookingsOf(deps: Deps, eventId: number): Promise<boolean> {
  const cancellation = await reading(deps.database, (db) => findCancellation(db, eventId))
  if (!cancellation || cancellation.finished_at) return false
  const ids = await reading(deps.database, (db) =>
    listBookingsAfter(db, eventId, cancellation.last_booking_id, batch_max),
  )
  for (const id of ids) {
    const at = toTimestamp(deps.now())
    await inTransaction(deps.database, async (tx) => {
      const done = await cancelForEvent(tx, deps, system, id, cancellation.reason, at)
      await updateCancellation(tx, eventId, { last_booking_id: id, cancelled: done ? 1 : 0 })
    })
  }
  deps.wake()
  if (ids.length === batch_max) return true
  const at = toTimestamp(deps.now())
  await inTransaction(deps.database, (tx) => updateCancellation(tx, eventId, { finished_at: at }))
  return false
}

/**
 * How far the job is.
 *
 * @throws DomainError `event_not_found`, `not_own_event`, `event_not_cancelled`
 */
export async function readCancellation(deps: Deps, caller: Caller, event: { id: number; organizer_id: number }) {
  if (!isOrganizerOf(caller, event.organizer_id)) throw new DomainError('not_own_event')
  const cancellation = await reading(deps.database, (db) => findCancellation(db, event.id))
  if (!cancellation) throw new DomainError('event_not_cancelled')
  return cancellation
}
