import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Deps } from '../../deps.ts'
import { cursorQuery, listPage, PageOf } from '../../http/cursor.ts'
import { problemAnswers } from '../../http/problem.ts'
import { IdempotencyHeader, IdParams, NoContent, Strict } from '../../http/schemas.ts'
import { fillInOwnId } from '../accounts/own-id.ts'
import { answerOnce, keyRefusals } from '../idempotency/answer-once.ts'
import type { KeysInFlight } from '../idempotency/idempotency.ts'
import { showTicket } from '../tickets/show-ticket.ts'
import { TicketViewV2 } from '../tickets/tickets.schema.ts'
import { listTickets } from '../tickets/tickets.sql.ts'
import { bookingFilter, bookingFilters, BookingView, CreateBookingBody } from './bookings.schema.ts'
import { listBookings } from './bookings.sql.ts'
import { createBooking, type BookingLine } from './create-booking.ts'
import { readBooking } from './read-booking.ts'
import { removeBooking, restoreBooking } from './remove-booking.ts'
import { showBooking } from './show-booking.ts'

const tags = ['bookings']
const params = IdParams('booking')
const base = '/api/v2/bookings'
const sorts = ['id', '-id'] as const

const BookingQuery = Type.Object({
  ...cursorQuery,
  ...bookingFilters,
  sort: Type.Unsafe<(typeof sorts)[number]>({ type: 'string', enum: sorts, default: 'id' }),
})

export const bookingRoutesV2: FastifyPluginAsyncTypebox<
  Deps & { line: BookingLine; keysInFlight: KeysInFlight }
> = async (app, deps) => {
  const { line } = deps

  app.post(
    '/bookings',
    {
      schema: {
        tags,
        summary: 'Book seats and issue their tickets',
        headers: IdempotencyHeader,
        body: Strict(CreateBookingBody.properties),
        response: {
          201: BookingView,
          ...problemAnswers(
            'invalid_body',
            'invalid_request',
            'holder_names_mismatch',
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
      return reply.code(201).header('location', `${base}/${booking.id}`).send(showBooking(booking))
    },
  )

  app.get(
    '/bookings',
    {
      schema: {
        tags,
        summary: 'List bookings',
        querystring: BookingQuery,
        response: { 200: PageOf(BookingView), ...problemAnswers('invalid_request', 'invalid_cursor') },
      },
    },
    async (request, reply) => {
      const listing = listBookings(bookingFilter(request.caller, request.query), request.query.sort === '-id')
      return listPage(deps.database, request, reply, listing, showBooking)
    },
  )

  app.get(
    '/bookings/:id',
    {
      schema: {
        tags,
        summary: 'Read a booking',
        params,
        response: { 200: BookingView, ...problemAnswers('invalid_request', 'booking_not_found') },
      },
    },
    async (request) => showBooking(await readBooking(deps, request.caller, request.params.id)),
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
      return listPage(deps.database, request, reply, listTickets({ booking_id: id }), showTicket)
    },
  )

  app.delete(
    '/bookings/:id',
    {
      schema: {
        tags,
        summary: 'Delete a booking; its seats go back on sale',
        params,
        response: {
          204: NoContent,
          ...problemAnswers('invalid_request', 'booking_not_found', 'booking_has_used_tickets'),
        },
      },
    },
    async (request, reply) => {
      await removeBooking(deps, request.caller, request.params.id)
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
          200: BookingView,
          ...problemAnswers(
            'invalid_request',
            'nothing_to_restore',
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
      return showBooking(result)
    },
  )
}
