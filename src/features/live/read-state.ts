import { Value } from 'typebox/value'
import { sharedRead, type SharedRead } from '../../db/shared-read.ts'
import { inSnapshot, reading } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import { languageOf } from '../../lib/language.ts'
import { toRfc3339, toTimestamp } from '../../lib/time.ts'
import { showBookingV2 } from '../bookings/show-booking.ts'
import { listBookingsByIds } from '../bookings/bookings.sql.ts'
import { openCheckInCounts } from '../check-ins/check-in-counts.ts'
import type { Event } from '../events/event.ts'
import { listEventsByIds } from '../events/events.sql.ts'
import { readEvent } from '../events/read-event.ts'
import { showEventV2 } from '../events/show-event.ts'
import { listTakings } from '../ledger/ledger.sql.ts'
import { listMailsByIds } from '../mail/mail.sql.ts'
import { inOrder } from '../ticket-types/ticket-type.ts'
import { listTicketTypes, listTypesByIds } from '../ticket-types/ticket-types.sql.ts'
import { showTicketType } from '../ticket-types/show-ticket-type.ts'
import { BookingViewV2 } from '../bookings/bookings.schema.ts'
import { CheckInState, EventState, NotificationState, SalesState } from './live.schema.ts'
import type { LiveMessage } from './live.ts'
import { listSalesByType } from './sales.sql.ts'
import type { Topic } from './topic.ts'

/** A state as it is sent: what its schema has, and nothing else of its rows. */
export type Shown = Pick<LiveMessage, 'type' | 'data'>

/** One reads for all, so texts are in one language: that of who names none. */
const language = languageOf(undefined)

export type ReadState = Readonly<{
  /** @throws DomainError `event_not_found` */
  ofEvent: (topic: Topic & { event_id: number }) => Promise<Shown>
  /** Those that are this user's, and `read_anew` if some booking is not there any more. */
  ofUser: (user_id: number, bookingIds: readonly number[], mailIds: readonly number[]) => Promise<Shown[]>
}>

/** Opens the reading of what channels show. */
export function openReadState(deps: Deps, events: SharedRead<Event>): ReadState {
  const { database, now } = deps
  const counts = openCheckInCounts(deps)
  const bookings = sharedRead(database, listBookingsByIds)
  const mails = sharedRead(database, listMailsByIds)

  async function eventState(id: number): Promise<Shown> {
    const event = await readEvent(events, id)
    const types = await reading(database, (db) => listTicketTypes(db, id))
    const shown = inOrder(types).filter(({ hidden }) => !hidden)
    const at = toTimestamp(now())
    const state = {
      event: showEventV2(event, language),
      ticket_types: shown.map((type) => showTicketType(type, event, at, language)),
    }
    return { type: 'event', data: Value.Clean(EventState, state) }
  }

  /** All of it as of one moment, so that what is held is what is neither sold nor to be had. */
  async function salesState(id: number): Promise<Shown> {
    await readEvent(events, id)
    const state = await inSnapshot(database, async (db) => {
      const [event] = await listEventsByIds(db, [id])
      if (!event) return undefined
      const sales = new Map((await listSalesByType(db, id)).map((row) => [row.ticket_type_id, row]))
      const types = new Map((await listTicketTypes(db, id)).map((type) => [type.id, type]))
      const gone = [...sales.keys()].filter((type) => !types.has(type))
      if (gone.length > 0) for (const type of await listTypesByIds(db, gone)) types.set(type.id, type)
      const by_type = [...types.values()]
        .toSorted((a, b) => a.id - b.id)
        .map(({ id, name, capacity, available_seat }) => {
          const { sold = 0, total = 0 } = sales.get(id) ?? {}
          const held = capacity === null || available_seat === null ? null : capacity - available_seat - sold
          return { ticket_type_id: id, name, sold, held, total }
        })
      const { capacity, available_seat } = event
      const sold = by_type.reduce((sum, type) => sum + type.sold, 0)
      const held = capacity - available_seat - sold
      return { event_id: id, capacity, available_seat, sold, held, by_type, takings: await listTakings(db, event) }
    })
    return { type: 'sales', data: Value.Clean(SalesState, state) }
  }

  async function checkInState(id: number): Promise<Shown> {
    await readEvent(events, id)
    const state = await counts.find(id)
    return { type: 'check_ins', data: Value.Clean(CheckInState, { event_id: id, ...state }) }
  }

  return {
    async ofEvent({ kind, event_id }) {
      if (kind === 'sales') return salesState(event_id)
      return kind === 'check-ins' ? checkInState(event_id) : eventState(event_id)
    },
    async ofUser(user_id, bookingIds, mailIds) {
      const [foundBookings, foundMails] = await Promise.all([
        Promise.all(bookingIds.map((id) => bookings.find(id))),
        Promise.all(mailIds.map((id) => mails.find(id))),
      ])
      return [
        ...(foundBookings.includes(undefined) ? [{ type: 'read_anew' as const, data: null }] : []),
        ...foundBookings
          .filter((booking) => booking?.customer_id === user_id)
          .map((booking) => ({
            type: 'booking' as const,
            data: Value.Clean(BookingViewV2, showBookingV2(booking!, language)),
          })),
        ...foundMails
          .filter((mail) => mail?.user_id === user_id)
          .map((mail) => ({
            type: 'notification' as const,
            data: Value.Clean(NotificationState, { ...mail, created_at: toRfc3339(mail!.created_at) }),
          })),
      ]
    },
  }
}
