import { announce } from '../../db/changes.ts'
import type { Tx } from '../../db/database.ts'
import { inTransaction, reading } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import { system } from '../../lib/caller.ts'
import { toTimestamp, type Timestamp } from '../../lib/time.ts'
import { auditColumns, auditValues } from '../audit/record.ts'
import { returnSeats } from '../events/change-seats.ts'
import { mailOf } from '../mail/mail-bookings.ts'
import { putMail } from '../mail/put-mail.ts'
import { closePaymentsOf } from '../payments/close-payments.ts'
import { changeTypeSeats } from '../ticket-types/change-type-seats.ts'
import type { transitions } from './booking-status.ts'
import type { BookedItem } from './booking.ts'
import { deleteOldHolds, endHolds, listEndedHolds, lockBookings, lockEndedHolds, lockEvents } from './bookings.sql.ts'
import { countSeats } from './seats.ts'

/** Small enough that its events are locked for a few milliseconds. */
const batch_max = 200

/**
 * Ends holds whose time is over, and puts their seats back on sale. Any number of workers may do it at once: a hold is
 * ended by whoever gets its event's lock first. Returns how many ended.
 */
export async function expireHolds(deps: Deps): Promise<number> {
  const at = toTimestamp(deps.now())
  const due = await reading(deps.database, (db) => listEndedHolds(db, at, batch_max))
  if (due.length === 0) return 0
  const eventIds = [...new Set(due.map(({ event_id }) => event_id))].toSorted((a, b) => a - b)
  await inTransaction(deps.database, async (tx) => {
    const { dialect } = deps.database
    await lockEvents(tx, dialect, eventIds)
    const bookingIds = due.map(({ booking_id }) => booking_id).toSorted((a, b) => a - b)
    const bookings = await lockBookings(tx, dialect, bookingIds)
    const holds = await lockEndedHolds(tx, dialect, bookingIds, at)
    if (holds.length === 0) return
    const ended = holds.map(({ booking_id }) => booking_id)
    const declined = await closePaymentsOf(tx, ended, at)
    await setEnded(
      tx,
      ended.filter((id) => declined.has(id)),
      'failed',
      at,
    )
    await setEnded(
      tx,
      ended.filter((id) => !declined.has(id)),
      'expired',
      at,
    )
    await endHolds(tx, ended)
    await giveBackAll(tx, holds, at)
    const byId = new Map(bookings.map((booking) => [booking.id, booking]))
    announce(tx, at, { bookings: ended.map((id) => [id, byId.get(id)!.customer_id]) })
    await putMail(
      tx,
      ...ended.map((id) =>
        mailOf(byId.get(id)!, { kind: 'booking_expired', key: `booking ${id} expired`, details: {}, at }),
      ),
    )
    await tx
      .insertInto('audit_entry')
      .values(
        ended.map((id) => {
          const values = auditValues(system, at, {
            action: declined.has(id) ? 'booking_failed' : 'booking_expired',
            entity: 'booking',
            entity_id: id,
            organizer_id: byId.get(id)!.organizer_id,
          })
          return Object.fromEntries(auditColumns.map((column, index) => [column, values[index]])) as never
        }),
      )
      .execute()
  })
  deps.wake()
  return due.length
}

/** In as few statements as there can be: a batch may be of as many events as it has holds. */
async function giveBackAll(
  tx: Tx,
  holds: readonly { event_id: number; items: string }[],
  at: Timestamp,
): Promise<void> {
  const ofEvents = new Map<number, number>()
  const ofTypes: { ticket_type_id: number; count: number }[] = []
  for (const { event_id, items } of holds) {
    for (const { ticket_type_id, holder_names } of JSON.parse(items) as BookedItem[]) {
      ofEvents.set(event_id, (ofEvents.get(event_id) ?? 0) + holder_names.length)
      ofTypes.push({ ticket_type_id, count: holder_names.length })
    }
  }
  await returnSeats(tx, ofEvents, at)
  await changeTypeSeats(tx, countSeats(ofTypes), at)
}

async function setEnded(
  tx: Tx,
  ids: readonly number[],
  status: (typeof transitions)['pending'][number],
  at: Timestamp,
): Promise<void> {
  if (ids.length === 0) return
  await tx
    .updateTable('booking')
    .set({ status, updated_at: at })
    .where('id', 'in', ids)
    .where('status', '=', 'pending')
    .execute()
}

/** So long after a hold has ended its money may still come. */
const kept_days = 30

/** Forgets holds that ended long ago, a bounded number of them, and returns how many. */
export async function removeOldHolds(deps: Deps): Promise<number> {
  const before = toTimestamp(new Date(deps.now().getTime() - kept_days * 86_400_000))
  return inTransaction(deps.database, (tx) => deleteOldHolds(tx, before, batch_max))
}
