import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { reading } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import { success } from '../../http/envelope.ts'
import { Answer, errorAnswers, IdempotencyHeader, IdParams, ListAnswer, PageQuery } from '../../http/schemas.ts'
import { sharedList } from '../../http/shared-list.ts'
import { DomainError } from '../../lib/errors.ts'
import { toRfc3339 } from '../../lib/time.ts'
import { listTicketsByBooking } from '../tickets/tickets.sql.ts'
import { showTicket } from '../tickets/show-ticket.ts'
import type { Booking } from './booking.ts'
import { BookingView, BookingWithTickets, CreateBookingBody } from './bookings.schema.ts'
import { findBooking, listBookings } from './bookings.sql.ts'
import { createBooking, type BookingLine } from './create-booking.ts'

const tags = ['bookings']
const params = IdParams('booking')

function show(booking: Booking) {
  return { ...booking, created_at: toRfc3339(booking.created_at), updated_at: toRfc3339(booking.updated_at) }
}

export const bookingRoutes: FastifyPluginAsyncTypebox<Deps & { line: BookingLine }> = async (app, deps) => {
  const list = sharedList(
    'bookings retrieved successfully',
    (start, limit) => reading(deps.database, (db) => listBookings(db, start, limit)),
    show,
  )

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
            'not_a_customer',
            'idempotency_key_in_use',
            'idempotency_key_reused',
            'outcome_unknown',
          ),
        },
      },
    },
    async (request, reply) => {
      const key = request.headers['idempotency-key']
      const { booking, replayed } = await createBooking(deps, deps.line, request.body, key)
      if (replayed) void reply.header('idempotency-replayed', 'true')
      return reply.code(201).send(success('booking created successfully', show(booking)))
    },
  )

  app.get(
    '/bookings',
    {
      schema: {
        tags,
        summary: 'List bookings',
        querystring: PageQuery,
        response: { 200: ListAnswer(BookingView), ...errorAnswers('invalid_request') },
      },
    },
    async (request, reply) => list(request.query, reply),
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
      const booking = await reading(deps.database, (db) => findBooking(db, id))
      if (!booking) throw new DomainError('booking_not_found')
      const tickets = await reading(deps.database, (db) => listTicketsByBooking(db, id))
      return success('booking retrieved successfully', { booking: show(booking), tickets: tickets.map(showTicket) })
    },
  )
}
