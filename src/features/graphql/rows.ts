import { reading } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import type { Booking } from '../bookings/booking.ts'
import { readItemsOf } from '../bookings/read-booking.ts'
import { listImagesOfEvents } from '../images/images.sql.ts'
import { listPaymentsOfBookings } from '../payments/payments.sql.ts'
import { listRefundsOfBookings } from '../payments/refunds.sql.ts'
import { listTypesOfEvents } from '../ticket-types/ticket-types.sql.ts'
import { listFirstTickets } from '../tickets/tickets.sql.ts'
import { batched } from './batch.ts'

export type Rows = ReturnType<typeof openRows>

/** What belongs to the rows of a list, read for all of them at once: one query each, however long the list is. */
export function openRows({ database }: Pick<Deps, 'database'>) {
  const tickets = new Map<number, ReturnType<typeof ticketsOf>>()
  const ticketsOf = (first: number) =>
    batched(async (ids: readonly number[]) => {
      const rows = await reading(database, (db) => listFirstTickets(db, ids, first))
      return Map.groupBy(rows, ({ booking_id }) => booking_id)
    })
  return {
    typesOfEvent: batched(async (ids: readonly number[]) => {
      const rows = await reading(database, (db) => listTypesOfEvents(db, ids))
      return Map.groupBy(rows, ({ event_id }) => event_id)
    }),
    imagesOfEvent: batched(async (ids: readonly number[]) => {
      const rows = await reading(database, (db) => listImagesOfEvents(db, ids))
      return Map.groupBy(rows, ({ event_id }) => event_id)
    }),
    itemsOfBooking: batched(async (bookings: readonly Booking[]) => {
      const items = await readItemsOf({ database }, bookings)
      return new Map(bookings.map((booking) => [booking, items.get(booking.id)!]))
    }),
    paymentsOfBooking: batched(async (ids: readonly number[]) => {
      const rows = await reading(database, (db) => listPaymentsOfBookings(db, ids))
      return Map.groupBy(inOrder(rows), ({ booking_id }) => booking_id)
    }),
    refundsOfBooking: batched(async (ids: readonly number[]) => {
      const rows = await reading(database, (db) => listRefundsOfBookings(db, ids))
      return Map.groupBy(inOrder(rows), ({ booking_id }) => booking_id)
    }),
    /** The first tickets of a booking, so many. */
    async ticketsOfBooking(id: number, first: number) {
      const read = tickets.get(first) ?? ticketsOf(first)
      tickets.set(first, read)
      return inOrder((await read(id)) ?? [])
    },
  }
}

const inOrder = <Row extends { id: number }>(rows: readonly Row[]): Row[] =>
  rows.toSorted((one, other) => one.id - other.id)
