import { Type } from 'typebox'
import { checkerOf } from '../../http/validation.ts'
import type { Booking } from '../bookings/booking.ts'
import { bookingFilter, bookingFilters, CancelBookingBody, CreateBookingBodyV2 } from '../bookings/bookings.schema.ts'
import { listBookings } from '../bookings/bookings.sql.ts'
import { cancelBooking } from '../bookings/cancel-booking.ts'
import { createBooking } from '../bookings/create-booking.ts'
import { readBooking } from '../bookings/read-booking.ts'
import { showBookingV2, showItem } from '../bookings/show-booking.ts'
import { readEvent } from '../events/read-event.ts'
import { doOnce } from '../idempotency/answer-once.ts'
import { showPayment, showRefund } from '../payments/show-payment.ts'
import { connection, orderOf, pageArgs, Sorted } from './connection.graphql.ts'
import type { GraphContext } from './context.ts'
import { shownEvent } from './events.graphql.ts'
import { by, type Fields } from './field.ts'
import { shownTicket } from './tickets.graphql.ts'

const checkList = checkerOf(Type.Object({ ...pageArgs, ...bookingFilters, sort: Sorted(['id']) }))
const checkNew = checkerOf(CreateBookingBodyV2)
const checkCancellation = checkerOf(CancelBookingBody)
const checkFirst = checkerOf(Type.Object({ first: pageArgs.first }))

/** As it is shown, with the row that it is shown from. */
export const shownBooking = ({ language }: GraphContext, row: Booking) => ({ ...showBookingV2(row, language), row })
type ShownBooking = ReturnType<typeof shownBooking>

type Keyed = { idempotency_key?: string }

export const bookingFields: Fields = {
  'Query.bookings': by('GET /bookings', (_, args, context) => {
    const { sort, ...query } = checkList(args)
    const listing = listBookings(bookingFilter(context.caller, query), orderOf(sort).descending)
    return connection(context.deps.database, listing, query, (booking) => shownBooking(context, booking))
  }),

  'Query.booking': by('GET /bookings/:id', async (_, { id }: { id: number }, context) =>
    shownBooking(context, await readBooking(context.deps, context.caller, id)),
  ),

  'Booking.items': by('GET /bookings/:id', async ({ row }: ShownBooking, _, { rows }) =>
    (await rows.itemsOfBooking(row))!.map(showItem),
  ),

  'Booking.event': by('GET /events/:id', async ({ row }: ShownBooking, _, context) =>
    shownEvent(context, await readEvent(context.deps.events, row.event_id)),
  ),

  'Booking.tickets': by('GET /bookings/:id/tickets', async ({ row }: ShownBooking, args, context) => {
    const tickets = await context.rows.ticketsOfBooking(row.id, checkFirst(args).first)
    return tickets.map((ticket) => shownTicket(context, ticket))
  }),

  'Booking.payments': by('GET /bookings/:id/payments', async ({ row }: ShownBooking, _, { rows, language }) =>
    ((await rows.paymentsOfBooking(row.id)) ?? []).map((payment) => showPayment(payment, language)),
  ),

  'Booking.refunds': by('GET /bookings/:id/refunds', async ({ row }: ShownBooking, _, { rows, language }) =>
    ((await rows.refundsOfBooking(row.id)) ?? []).map((refund) => showRefund(refund, language)),
  ),

  'Mutation.book': by(
    'POST /bookings',
    async (_, { input, idempotency_key }: Keyed & { input: { customer_id?: number } }, context) => {
      const { deps, caller, noteReplay } = context
      if (caller.role === 'customer') input.customer_id ??= caller.user_id!
      const { booking, replayed } = await createBooking(deps, deps.line, caller, checkNew(input), idempotency_key)
      if (replayed) noteReplay()
      return shownBooking(context, booking)
    },
  ),

  'Mutation.cancel_booking': by(
    'POST /bookings/:id/cancellation',
    async (_, { booking_id, idempotency_key, ...body }: Keyed & { booking_id: number }, context) => {
      const { deps, caller, noteReplay } = context
      const { ticket_ids } = checkCancellation(body)
      const asked = [booking_id, body]
      const { result, replayed } = await doOnce(deps, caller, idempotency_key, 'cancel booking', asked, (keep) =>
        cancelBooking(deps, caller, booking_id, ticket_ids, keep),
      )
      if (replayed) noteReplay()
      return shownBooking(context, result)
    },
  ),
}
