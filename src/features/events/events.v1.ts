import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Deps } from '../../deps.ts'
import { done, success } from '../../http/envelope.ts'
import { Answer, EmptyAnswer, errorAnswers, IdParams, ListAnswer, PageQuery } from '../../http/schemas.ts'
import { event_lists, eventTag, hashed, sendPublic, type PublicAnswers } from '../../http/public-answers.ts'
import { serialise } from '../../http/serialise.ts'
import { pageReader } from '../../http/shared-list.ts'
import { fillInOwnId } from '../accounts/own-id.ts'
import { changeEvent } from './change-event.ts'
import { createEvent } from './create-event.ts'
import type { Event } from './event.ts'
import type { SharedRead } from '../../db/shared-read.ts'
import { CreateEventBody, eventFilter, eventFilters, EventView, UpdateEventBody } from './events.schema.ts'
import { listEvents } from './events.sql.ts'
import { readEvent } from './read-event.ts'
import { removeEvent } from './remove-event.ts'
import { showEvent } from './show-event.ts'

const tags = ['events']
const params = IdParams('event')

export const eventRoutes: FastifyPluginAsyncTypebox<
  Deps & { events: SharedRead<Event>; answers: PublicAnswers }
> = async (app, deps) => {
  const { answers } = deps
  const pages = pageReader(deps.database, 'events retrieved successfully', showEvent)

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
            'not_own_organizer_id',
          ),
        },
      },
      preValidation: fillInOwnId('organizer_id', 'organizer'),
    },
    async (request, reply) => {
      const { organizer_id, title, location, capacity, price, date } = request.body
      const event = await createEvent(deps, request.caller, { organizer_id, title, location, capacity, price, date })
      return reply.code(201).send(success('event created successfully', showEvent(event)))
    },
  )

  app.get(
    '/events',
    {
      schema: {
        tags,
        summary: 'List events',
        querystring: Type.Object({ ...PageQuery.properties, ...eventFilters }),
        response: { 200: ListAnswer(EventView), ...errorAnswers('invalid_request') },
      },
    },
    async (request, reply) => {
      const { query: page } = request
      const listing = listEvents(eventFilter(page))
      const { name, read } = pages({ listing, page, reply })
      const answer = await answers.get(event_lists, `v1 ${name}`, async () => hashed(await read()))
      return sendPublic(request, reply, answer)
    },
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
    async (request, reply) => {
      const { id } = request.params
      const answer = await answers.get(eventTag(id), `v1 event ${id}`, async () => {
        const event = await readEvent(deps.events, id)
        return hashed(serialise(reply, success('event retrieved successfully', showEvent(event))))
      })
      return sendPublic(request, reply, answer)
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
            'event_already_cancelled',
            'event_not_found',
            'not_own_event',
          ),
        },
      },
    },
    async (request) => {
      const { title, location, capacity, price, status, date } = request.body
      const change = { title, location, capacity, price, status, date }
      const event = await changeEvent(deps, request.caller, request.params.id, change)
      return success('event updated successfully', showEvent(event))
    },
  )

  app.delete(
    '/events/:id',
    {
      schema: {
        tags,
        summary: 'Delete an event that nobody has booked',
        params,
        response: {
          200: EmptyAnswer,
          ...errorAnswers('invalid_request', 'event_not_found', 'not_own_event', 'event_has_bookings'),
        },
      },
    },
    async (request) => {
      await removeEvent(deps, request.caller, request.params.id)
      return done('event deleted successfully')
    },
  )
}
