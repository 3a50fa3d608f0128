import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { reading } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import { done, success } from '../../http/envelope.ts'
import { Answer, EmptyAnswer, errorAnswers, IdParams, ListAnswer, PageQuery } from '../../http/schemas.ts'
import { sharedList } from '../../http/shared-list.ts'
import { DomainError } from '../../lib/errors.ts'
import { toRfc3339 } from '../../lib/time.ts'
import { changeEvent } from './change-event.ts'
import { createEvent } from './create-event.ts'
import { eventStatus, type Event } from './event.ts'
import type { SharedRead } from '../../db/shared-read.ts'
import { CreateEventBody, EventView, UpdateEventBody } from './events.schema.ts'
import { listEvents } from './events.sql.ts'
import { removeEvent } from './remove-event.ts'

const tags = ['events']
const params = IdParams('event')

function show(event: Event) {
  return {
    ...event,
    status: eventStatus(event),
    date: toRfc3339(event.date),
    created_at: toRfc3339(event.created_at),
    updated_at: toRfc3339(event.updated_at),
  }
}

export const eventRoutes: FastifyPluginAsyncTypebox<Deps & { events: SharedRead<Event> }> = async (app, deps) => {
  const list = sharedList(
    'events retrieved successfully',
    (start, limit) => reading(deps.database, (db) => listEvents(db, start, limit)),
    show,
  )

  app.post(
    '/events',
    {
      schema: {
        tags,
        summary: 'Put an event on sale',
        body: CreateEventBody,
        response: {
          201: Answer(EventView),
          ...errorAnswers(
            'invalid_body',
            'invalid_request',
            'event_date_not_in_future',
            'not_an_organizer',
            'organizer_not_found',
          ),
        },
      },
    },
    async (request, reply) => {
      const event = await createEvent(deps, request.body)
      return reply.code(201).send(success('event created successfully', show(event)))
    },
  )

  app.get(
    '/events',
    {
      schema: {
        tags,
        summary: 'List events',
        querystring: PageQuery,
        response: { 200: ListAnswer(EventView), ...errorAnswers('invalid_request') },
      },
    },
    async (request, reply) => list(request.query, reply),
  )

  app.get(
    '/events/:id',
    {
      schema: {
        tags,
        summary: 'Read an event and how many seats it has left',
        params,
        response: { 200: Answer(EventView), ...errorAnswers('invalid_request', 'event_not_found') },
      },
    },
    async (request) => {
      const event = await deps.events.find(request.params.id)
      if (!event) throw new DomainError('event_not_found')
      return success('event retrieved successfully', show(event))
    },
  )

  app.put(
    '/events/:id',
    {
      schema: {
        tags,
        summary: 'Change an event, or close and open its sale',
        params,
        body: UpdateEventBody,
        response: {
          200: Answer(EventView),
          ...errorAnswers(
            'invalid_body',
            'invalid_request',
            'event_date_not_in_future',
            'capacity_below_booked_seats',
            'event_not_found',
          ),
        },
      },
    },
    async (request) => {
      const event = await changeEvent(deps, request.params.id, request.body)
      return success('event updated successfully', show(event))
    },
  )

  app.delete(
    '/events/:id',
    {
      schema: {
        tags,
        summary: 'Delete an event that nobody has booked',
        params,
        response: { 200: EmptyAnswer, ...errorAnswers('invalid_request', 'event_not_found', 'event_has_bookings') },
      },
    },
    async (request) => {
      await removeEvent(deps, request.params.id)
      return done('event deleted successfully')
    },
  )
}
