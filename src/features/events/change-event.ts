import { inTransaction } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import { isOrganizerOf, type Caller } from '../../lib/caller.ts'
import { DomainError } from '../../lib/errors.ts'
import { parseRfc3339, toTimestamp } from '../../lib/time.ts'
import { difference, record } from '../audit/record.ts'
import { availableAfterResize, type Event, type EventStatus } from './event.ts'
import { putEventMail } from '../mail/mail-event.ts'
import { setFirstPrice } from '../ticket-types/first-type.ts'
import { detailFields, detailsOf, type EventDetails, remindAt } from './event-details.ts'
import { findEvent, findEventLocked, isBooked, updateEvent } from './events.sql.ts'

/** What is left out keeps its value. `status` closes and opens the sale. */
export type EventChange = {
  title?: string | undefined
  location?: string | undefined
  capacity?: number | undefined
  price?: number | undefined
  status?: EventStatus | undefined
  date?: string | undefined
} & EventDetails

const audited = ['title', 'location', 'capacity', 'price', 'closed', 'date', ...detailFields] as const

/**
 * Changes what is given and keeps the rest. The row stays locked from reading to writing,
 * so that no seat sold in between is lost.
 *
 * @param assertMatches throws if this is not the version that the caller means to change
 * @throws DomainError `event_not_found`, `not_own_event`, `event_date_not_in_future`, `capacity_below_booked_seats`,
 *   `sales_window_empty`, `event_ends_too_early`, `currency_fixed`
 */
export async function changeEvent(
  deps: Deps,
  caller: Caller,
  id: number,
  change: EventChange,
  assertMatches?: (event: Event) => void,
): Promise<Event> {
  const at = toTimestamp(deps.now())
  const changed = await inTransaction(deps.database, async (tx) => {
    const event = await findEventLocked(tx, deps.database.dialect, id)
    if (!event || event.deleted_at) throw new DomainError('event_not_found')
    if (!isOrganizerOf(caller, event.organizer_id)) throw new DomainError('not_own_event')
    assertMatches?.(event)
    if (event.cancelled_at && change.status === 'available') throw new DomainError('event_already_cancelled')
    const { title, location, status } = change
    const capacity = change.capacity ?? event.capacity
    // One who sends back the date of an event that has begun changes nothing, and may.
    const date = change.date === undefined ? event.date : parseRfc3339(change.date)!
    const keepsDate = date.slice(0, 19) === event.date.slice(0, 19)
    if (!keepsDate && date <= at) throw new DomainError('event_date_not_in_future')
    const details = detailsOf(change, event, date)
    if (details.currency !== event.currency && (await isBooked(tx, id))) throw new DomainError('currency_fixed')
    if (change.price !== undefined) await setFirstPrice(tx, id, change.price, at)
    await updateEvent(tx, id, {
      title: title ?? event.title,
      location: location ?? event.location,
      capacity,
      available_seat: availableAfterResize(event, capacity),
      price: change.price ?? event.price,
      closed: status === undefined ? event.closed : status === 'unavailable' ? 1 : 0,
      date,
      ...details,
      ...(!keepsDate && { remind_at: remindAt(date, at) }),
      updated_at: at,
    })
    const after = (await findEvent(tx, id))!
    await record(tx, caller, at, {
      action: 'event_changed',
      entity: 'event',
      entity_id: id,
      organizer_id: event.organizer_id,
      ...difference(event, after, audited),
    })
    const what = {
      ...(after.title !== event.title && { title: event.title }),
      ...(after.location !== event.location && { location: event.location }),
      ...(!keepsDate && { date: event.date }),
    }
    if (Object.keys(what).length > 0 && !after.cancelled_at && after.date > at) {
      const details = { was: what }
      await putEventMail(tx, { event_id: id, kind: 'event_changed', key: `changed ${after.version}`, details }, at)
    }
    return after
  })
  deps.wake()
  return changed
}
