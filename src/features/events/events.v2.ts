import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { SharedRead } from '../../db/shared-read.ts'
import type { Deps } from '../../deps.ts'
import { cursorQuery, linkNext, PageOf, readCursorPage } from '../../http/cursor.ts'
import { IfMatchHeader, matchingVersion, matchingVersionIfAny, setTag, shapeOf, tagOf } from '../../http/entity-tag.ts'
import { problemAnswers } from '../../http/problem.ts'
import {
  by_language,
  event_lists,
  eventTag,
  hashed,
  sendPublic,
  type PublicAnswers,
} from '../../http/public-answers.ts'
import { IdempotencyHeader, IdParams, NoContent } from '../../http/schemas.ts'
import { serialise } from '../../http/serialise.ts'
import { varyBy } from '../../http/vary.ts'
import { languageOf, numberOf, type Language } from '../../lib/language.ts'
import { fillInOwnId } from '../accounts/own-id.ts'
import { answerOnce, keyRefusals } from '../idempotency/answer-once.ts'
import type { KeysInFlight } from '../idempotency/idempotency.ts'
import { cancelEvent, readCancellation } from './cancel-event.ts'
import { changeEvent } from './change-event.ts'
import { createEvent } from './create-event.ts'
import type { Event } from './event.ts'
import {
  CancelEventBody,
  CancellationView,
  CreateEventBodyV2,
  eventFilter,
  eventFilters,
  EventViewV2,
  PatchEventBody,
} from './events.schema.ts'
import { listEvents, type EventSort } from './events.sql.ts'
import { readEvent } from './read-event.ts'
import { removeEvent, restoreEvent } from './remove-event.ts'
import { showCancellation, showEventV2 } from './show-event.ts'

const tags = ['events']
const params = IdParams('event')
const base = '/api/v2/events'
const sorts = ['date', '-date', 'price', '-price', 'title', '-title', 'id', '-id'] as const

const EventQuery = Type.Object({
  ...cursorQuery,
  ...eventFilters,
  sort: Type.Unsafe<(typeof sorts)[number]>({ type: 'string', enum: sorts, default: 'date' }),
})

const languageFor = ({ headers }: FastifyRequest) => languageOf(headers['accept-language'])
const show = (event: Event, request: FastifyRequest) => showEventV2(event, languageFor(request))

const shape = shapeOf(EventViewV2)
/** Seats that are sold change the answer, and not the version; so does the language. */
const eventEtag = (event: Event, language: Language) => tagOf(event, shape, event.available_seat, numberOf(language))

const setEventTag = (request: FastifyRequest, reply: FastifyReply, event: Event) => {
  varyBy(reply, 'accept-language')
  setTag(reply, eventEtag(event, languageFor(request)))
}

export const eventRoutesV2: FastifyPluginAsyncTypebox<
  Deps & { events: SharedRead<Event>; answers: PublicAnswers; keysInFlight: KeysInFlight }
> = async (app, deps) => {
  const { answers } = deps

  app.post(
    '/events',
    {
      schema: {
        tags,
        summary: 'Put an event on sale',
        headers: IdempotencyHeader,
        body: CreateEventBodyV2,
        response: {
          201: EventViewV2,
          ...problemAnswers(
            'invalid_body',
            'invalid_request',
            'event_date_not_in_future',
            'sales_window_empty',
            'event_ends_too_early',
            'not_an_organizer',
            'not_own_organizer_id',
            'organizer_not_found',
            ...keyRefusals,
          ),
        },
      },
      preValidation: fillInOwnId('organizer_id', 'organizer'),
    },
    async (request, reply) => {
      const { body, caller } = request
      const result = await answerOnce(deps, request, reply, 'create event', body, (keep) =>
        createEvent(deps, caller, body, keep),
      )
      setEventTag(request, reply, result)
      return reply.code(201).header('location', `${base}/${result.id}`).send(show(result, request))
    },
  )

  app.get(
    '/events',
    {
      schema: {
        tags,
        summary: 'List events',
        querystring: EventQuery,
        response: { 200: PageOf(EventViewV2), ...problemAnswers('invalid_request', 'invalid_cursor') },
      },
    },
    async (request, reply) => {
      const { query } = request
      const { sort, limit, cursor = '' } = query
      const listing = listEvents(eventFilter(query), sort.replace('-', '') as EventSort, sort.startsWith('-'))
      const language = languageFor(request)
      const answer = await answers.get(event_lists, `v2 ${language} ${limit} ${cursor} ${listing.name}`, async () => {
        const page = await readCursorPage(deps.database, query, listing, (event) => showEventV2(event, language))
        return { ...hashed(serialise(reply, page)), next_cursor: page.next_cursor }
      })
      linkNext(request, reply, answer)
      return sendPublic(request, reply, answer, by_language)
    },
  )

  app.get(
    '/events/:id',
    {
      schema: {
        tags,
        summary: 'Read an event and how many seats it has left',
        params,
        response: { 200: EventViewV2, ...problemAnswers('invalid_request', 'event_not_found') },
      },
    },
    async (request, reply) => {
      const { id } = request.params
      const language = languageFor(request)
      const answer = await answers.get(eventTag(id), `v2 event ${id} ${language}`, async () => {
        const event = await readEvent(deps.events, id)
        return { body: serialise(reply, showEventV2(event, language)), etag: eventEtag(event, language) }
      })
      return sendPublic(request, reply, answer, by_language)
    },
  )

  app.patch(
    '/events/:id',
    {
      schema: {
        tags,
        summary: 'Change an event, or close and open its sale',
        consumes: ['application/merge-patch+json', 'application/json'],
        params,
        headers: IfMatchHeader,
        body: PatchEventBody,
        response: {
          200: EventViewV2,
          ...problemAnswers(
            'invalid_body',
            'invalid_request',
            'event_date_not_in_future',
            'sales_window_empty',
            'event_ends_too_early',
            'currency_fixed',
            'capacity_below_booked_seats',
            'event_already_cancelled',
            'event_not_found',
            'not_own_event',
            'precondition_required',
            'precondition_failed',
          ),
        },
      },
    },
    async (request, reply) => {
      const matches = matchingVersion(request)
      const event = await changeEvent(deps, request.caller, request.params.id, request.body, matches)
      setEventTag(request, reply, event)
      return show(event, request)
    },
  )

  app.delete(
    '/events/:id',
    {
      schema: {
        tags,
        summary: 'Delete an event that nobody has booked',
        params,
        headers: IfMatchHeader,
        response: {
          204: NoContent,
          ...problemAnswers(
            'invalid_request',
            'event_not_found',
            'not_own_event',
            'event_has_bookings',
            'precondition_failed',
          ),
        },
      },
    },
    async (request, reply) => {
      await removeEvent(deps, request.caller, request.params.id, matchingVersionIfAny(request))
      return reply.code(204).send(null)
    },
  )

  app.post(
    '/events/:id/restoration',
    {
      schema: {
        tags,
        summary: 'Bring a deleted event back, with its sale closed',
        params,
        headers: IdempotencyHeader,
        response: {
          200: EventViewV2,
          ...problemAnswers(
            'invalid_request',
            'nothing_to_restore',
            'organizer_not_found',
            'not_an_organizer',
            ...keyRefusals,
          ),
        },
      },
    },
    async (request, reply) => {
      const { id } = request.params
      const result = await answerOnce(deps, request, reply, 'restore event', id, (keep) =>
        restoreEvent(deps, request.caller, id, keep),
      )
      setEventTag(request, reply, result)
      return show(result, request)
    },
  )

  app.post(
    '/events/:id/cancellation',
    {
      schema: {
        tags,
        summary: 'Call an event off: all its bookings are cancelled, and their money goes back',
        description: 'A job does it, one booking after the other; ask for its progress under the same path.',
        params,
        headers: IdempotencyHeader,
        body: CancelEventBody,
        response: {
          202: CancellationView,
          ...problemAnswers(
            'invalid_body',
            'invalid_request',
            'event_not_found',
            'not_own_event',
            'event_already_cancelled',
            ...keyRefusals,
          ),
        },
      },
    },
    async (request, reply) => {
      const { caller, params, body } = request
      const begun = await answerOnce(deps, request, reply, 'cancel event', [params.id, body], (keep) =>
        cancelEvent(deps, caller, params.id, body.reason, keep),
      )
      void reply.code(202).header('location', `${base}/${params.id}/cancellation`)
      return showCancellation(begun)
    },
  )

  app.get(
    '/events/:id/cancellation',
    {
      schema: {
        tags,
        summary: 'How far the cancellation of an event is',
        params,
        response: {
          200: CancellationView,
          ...problemAnswers('invalid_request', 'event_not_found', 'not_own_event', 'event_not_cancelled'),
        },
      },
    },
    async ({ caller, params }) =>
      showCancellation(await readCancellation(deps, caller, await readEvent(deps.events, params.id))),
  )
}
