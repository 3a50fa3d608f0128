import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { reading } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import { success } from '../../http/envelope.ts'
import { Answer, errorAnswers, IdempotencyHeader, IdParams, ListAnswer, PageQuery } from '../../http/schemas.ts'
import { sharedList } from '../../http/shared-list.ts'
import { fillInOwnId } from '../accounts/own-id.ts'
import { listTicketsByBooking } from '../tickets/tickets.sql.ts'
import { showTicketTo } from '../tickets/show-ticket.ts'
import { bookingFilter, bookingFilters, BookingView, BookingWithTickets, CreateBookingBody } from './bookings.schema.ts'
import { listBookings } from './bookings.sql.ts'
import { createBooking, type BookingLine } from './create-booking.ts'
import { readBooking } from './read-booking.ts'
import { showBooking } from './show-booking.ts'

const tags = ['bookings']
const params = IdParams('booking')

export const bookingRoutes: FastifyPluginAsyncTypebox<Deps & { line: BookingLine }> = async (app, deps) => {
  const list = sharedList(deps.database, 'bookings retrieved successfully', showBooking)

  app.post(
    '/bookings',
    {
      schema: {
        tags,
        summary: 'Book seats and issue their tickets',
        headers: IdempotencyHeader,
        body: CreateBookingBody,
        response: {
          201: Answer(BookingView),
          ...errorAnswers(
            'invalid_body',
            'invalid_request',
            'holder_names_mismatch',
            'event_not_found',
            'customer_not_found',
            'event_not_available',
            'not_enough_seats',
            'quantity_not_sold',
            'total_not_payable',
            'not_a_customer',
            'idempotency_key_in_use',
            'idempotency_key_reused',
            'outcome_unknown',
            'not_own_customer_id',
          ),
        },
      },
      preValidation: fillInOwnId('customer_id', 'customer'),
    },
    async (request, reply) => {
      const key = request.headers['idempotency-key']
      const { customer_id, event_id, quantity, holder_names } = request.body
      const asked = { customer_id, event_id, quantity, holder_names }
      const { booking, replayed } = await createBooking(deps, deps.line, request.caller, asked, key)
      if (replayed) void reply.header('idempotency-replayed', 'true')
      return reply.code(201).send(success('booking created successfully', showBooking(booking)))
    },
  )

  app.get(
    '/bookings',
    {
      schema: {
        tags,
        summary: 'List bookings',
        querystring: Type.Object({ ...PageQuery.properties, ...bookingFilters }),
        response: { 200: ListAnswer(BookingView), ...errorAnswers('invalid_request') },
      },
    },
    async (request, reply) => list(listBookings(bookingFilter(request.caller, request.query)), request.query, reply),
  )

  app.get(
    '/bookings/:id',
    {
      schema: {
        tags,
        summary: 'Read a booking with its tickets',
        params,
        response: { 200: Answer(BookingWithTickets), ...errorAnswers('invalid_request', 'booking_not_found') },
      },
    },
    async (request) => {
      const { id } = request.params
      const booking = await readBooking(deps, request.caller, id)
      const tickets = await reading(deps.database, (db) => listTicketsByBooking(db, id))
      return success('booking retrieved successfully', {
        booking: showBooking(booking),
        tickets: tickets.map((ticket) => showTicketTo(request.caller, ticket)),
      })
    },
  )
}
