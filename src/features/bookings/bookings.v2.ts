import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { Deps } from '../../deps.ts'
import { cursorQuery, listPage, PageOf } from '../../http/cursor.ts'
import { IfMatchHeader, matchingAnswerIfAny } from '../../http/entity-tag.ts'
import { problemAnswers } from '../../http/problem.ts'
import { IdempotencyHeader, IdParams, NoContent } from '../../http/schemas.ts'
import { languageOf } from '../../lib/language.ts'
import { fillInOwnId } from '../accounts/own-id.ts'
import { answerOnce, keyRefusals } from '../idempotency/answer-once.ts'
import type { KeysInFlight } from '../idempotency/idempotency.ts'
import { showTicketV2 } from '../tickets/show-ticket.ts'
import { TicketViewV2 } from '../tickets/tickets.schema.ts'
import { listTickets } from '../tickets/tickets.sql.ts'
import {
  CancelBookingBody,
  bookingFilter,
  bookingFilters,
  BookingViewV2,
  BookingWithItems,
  CreateBookingBodyV2,
} from './bookings.schema.ts'
import { listBookings } from './bookings.sql.ts'
import { cancelBooking } from './cancel-booking.ts'
import { createBooking, type BookingLine } from './create-booking.ts'
import type { Booking } from './booking.ts'
import { readBooking, readItems } from './read-booking.ts'
import { removeBooking, restoreBooking } from './remove-booking.ts'
import { showBookingV2, showItem } from './show-booking.ts'

const tags = ['bookings']
const params = IdParams('booking')
const base = '/api/v2/bookings'
const sorts = ['id', '-id'] as const
/** In a form that Fastify serialises by outside of its own route. */
const answerOfGet: Record<string, unknown> = { ...BookingWithItems }

const show = (booking: Booking, { headers }: FastifyRequest) =>
  showBookingV2(booking, languageOf(headers['accept-language']))

const BookingQuery = Type.Object({
  ...cursorQuery,
  ...bookingFilters,
  sort: Type.Unsafe<(typeof sorts)[number]>({ type: 'string', enum: sorts, default: 'id' }),
})

export const bookingRoutesV2: FastifyPluginAsyncTypebox<
  Deps & { line: BookingLine; keysInFlight: KeysInFlight }
> = async (app, deps) => {
  const { line } = deps

  async function showWithItems(request: FastifyRequest, id: number) {
    const booking = await readBooking(deps, request.caller, id)
    return { ...show(booking, request), items: (await readItems(deps, booking)).map(showItem) }
  }

  app.post(
    '/bookings',
    {
      schema: {
        tags,
        summary: 'Book seats',
        description:
          'With nothing to pay, the booking succeeds at once and has its tickets. Else it is `pending`: its seats are ' +
          'held until `expires_at`, and its tickets are there when it is paid (`POST /bookings/{id}/payments`).',
        headers: IdempotencyHeader,
        body: CreateBookingBodyV2,
        response: {
          201: BookingViewV2,
          ...problemAnswers(
            'invalid_body',
            'invalid_request',
            'holder_names_mismatch',
            'items_or_quantity',
            'too_many_tickets',
            'ticket_type_repeated',
            'ticket_type_not_found',
            'ticket_type_not_on_sale',
            'quantity_not_sold',
            'total_not_payable',
            'event_not_found',
            'customer_not_found',
            'event_not_available',
            'not_enough_seats',
            'not_a_customer',
            'not_own_customer_id',
            ...keyRefusals,
            'outcome_unknown',
          ),
        },
      },
      preValidation: fillInOwnId('customer_id', 'customer'),
    },
    async (request, reply) => {
      const key = request.headers['idempotency-key']
      const { booking, replayed } = await createBooking(deps, line, request.caller, request.body, key)
      if (replayed) void reply.header('idempotency-replayed', 'true')
      return reply.code(201).header('location', `${base}/${booking.id}`).send(show(booking, request))
    },
  )

  app.get(
    '/bookings',
    {
      schema: {
        tags,
        summary: 'List bookings',
        querystring: BookingQuery,
        response: { 200: PageOf(BookingViewV2), ...problemAnswers('invalid_request', 'invalid_cursor') },
      },
    },
    async (request, reply) => {
      const listing = listBookings(bookingFilter(request.caller, request.query), request.query.sort === '-id')
      return listPage(deps.database, request, reply, listing, (booking) => show(booking, request))
    },
  )

  app.get(
    '/bookings/:id',
    {
      schema: {
        tags,
        summary: 'Read a booking and what was booked',
        params,
        response: { 200: BookingWithItems, ...problemAnswers('invalid_request', 'booking_not_found') },
      },
    },
    async (request) => showWithItems(request, request.params.id),
  )

  app.get(
    '/bookings/:id/tickets',
    {
      schema: {
        tags,
        summary: "List a booking's tickets",
        params,
        querystring: Type.Object(cursorQuery),
        response: {
          200: PageOf(TicketViewV2),
          ...problemAnswers('invalid_request', 'invalid_cursor', 'booking_not_found'),
        },
      },
    },
    async (request, reply) => {
      const { id } = await readBooking(deps, request.caller, request.params.id)
      return listPage(deps.database, request, reply, listTickets({ booking_id: id }), (ticket) =>
        showTicketV2(request.caller, ticket),
      )
    },
  )

  app.delete(
    '/bookings/:id',
    {
      schema: {
        tags,
        summary: 'Delete a booking; its seats go back on sale',
        params,
        headers: IfMatchHeader,
        response: {
          204: NoContent,
          ...problemAnswers(
            'invalid_request',
            'booking_not_found',
            'booking_has_used_tickets',
            'booking_has_payments',
            'precondition_failed',
          ),
        },
      },
    },
    async (request, reply) => {
      const { id } = request.params
      matchingAnswerIfAny(request)?.(reply.serializeInput(await showWithItems(request, id), answerOfGet))
      await removeBooking(deps, request.caller, id)
      return reply.code(204).send(null)
    },
  )

  app.post(
    '/bookings/:id/restoration',
    {
      schema: {
        tags,
        summary: 'Bring a deleted booking back, if there are seats',
        params,
        headers: IdempotencyHeader,
        response: {
          200: BookingViewV2,
          ...problemAnswers(
            'invalid_request',
            'nothing_to_restore',
            'event_already_cancelled',
            'not_enough_seats',
            'event_not_found',
            'customer_not_found',
            'not_a_customer',
            ...keyRefusals,
          ),
        },
      },
    },
    async (request, reply) => {
      const { id } = request.params
      const result = await answerOnce(deps, request, reply, 'restore booking', id, (keep) =>
        restoreBooking(deps, request.caller, id, keep),
      )
      return show(result, request)
    },
  )

  app.post(
    '/bookings/:id/cancellation',
    {
      schema: {
        tags,
        summary: 'Cancel a booking, or some of its tickets',
        description:
          'Seats go back on sale and tickets become void. What was paid goes back: to a customer as far as the ' +
          'event’s policy says, and all of it if the organizer cancels. A pending booking is given up.',
        params,
        headers: IdempotencyHeader,
        body: CancelBookingBody,
        response: {
          200: BookingViewV2,
          ...problemAnswers(
            'invalid_body',
            'invalid_request',
            'ticket_not_of_booking',
            'booking_not_found',
            'booking_not_cancellable',
            'cancellation_closed',
            'booking_has_used_tickets',
            ...keyRefusals,
          ),
        },
      },
    },
    async (request, reply) => {
      const { caller, params, body } = request
      const booking = await answerOnce(deps, request, reply, 'cancel booking', [params.id, body], (keep) =>
        cancelBooking(deps, caller, params.id, body.ticket_ids, keep),
      )
      return show(booking, request)
    },
  )
}
