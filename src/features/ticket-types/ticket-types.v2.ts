import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { SharedRead } from '../../db/shared-read.ts'
import { reading } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import { IfMatchHeader, matchingVersion, matchingVersionIfAny, setTag, shapeOf, tagOf } from '../../http/entity-tag.ts'
import { problemAnswers } from '../../http/problem.ts'
import { by_language, eventTag, hashed, sendPublic, type PublicAnswers } from '../../http/public-answers.ts'
import { IdempotencyHeader, IdParams, NoContent } from '../../http/schemas.ts'
import { serialise } from '../../http/serialise.ts'
import { varyBy } from '../../http/vary.ts'
import { isOrganizerOf, seesAll, type Caller } from '../../lib/caller.ts'
import { DomainError } from '../../lib/errors.ts'
import { languageOf, numberOf, type Language } from '../../lib/language.ts'
import { toRfc3339, toTimestamp } from '../../lib/time.ts'
import type { Event } from '../events/event.ts'
import { readEvent } from '../events/read-event.ts'
import { answerOnce, keyRefusals } from '../idempotency/answer-once.ts'
import type { KeysInFlight } from '../idempotency/idempotency.ts'
import { addTicketType, changeTicketType, removeTicketType } from './change-type.ts'
import { showTicketType } from './show-ticket-type.ts'
import { inOrder, type TicketType } from './ticket-type.ts'
import { CreateTicketTypeBody, PatchTicketTypeBody, TicketTypeView } from './ticket-types.schema.ts'
import { findTicketType, listTicketTypes } from './ticket-types.sql.ts'

const tags = ['ticket types']
const shape = shapeOf(TicketTypeView)
const soundness = ['quantity_range_empty', 'sales_window_empty'] as const

export const ticketTypeRoutesV2: FastifyPluginAsyncTypebox<
  Deps & { events: SharedRead<Event>; answers: PublicAnswers; keysInFlight: KeysInFlight }
> = async (app, deps) => {
  const { events } = deps
  const shownIn = (language: Language, event: Event) => {
    const at = toTimestamp(deps.now())
    return (type: TicketType) => showTicketType(type, event, at, language)
  }

  /** A hidden type is shown by its id: who knows it was given it. */
  async function readType(id: number): Promise<{ type: TicketType; event: Event }> {
    const type = await reading(deps.database, (db) => findTicketType(db, id))
    const event = type && (await events.find(type.event_id))
    if (!event) throw new DomainError('ticket_type_not_found')
    return { type, event }
  }
  const seesHidden = (caller: Caller, { organizer_id }: Event) => isOrganizerOf(caller, organizer_id)
  const mayHaveEvents = (caller: Caller) => seesAll(caller) || caller.role === 'organizer'

  app.post(
    '/events/:id/ticket-types',
    {
      schema: {
        tags,
        summary: 'Add a ticket type to an event',
        params: IdParams('event'),
        headers: IdempotencyHeader,
        body: CreateTicketTypeBody,
        response: {
          201: TicketTypeView,
          ...problemAnswers(
            'invalid_body',
            'invalid_request',
            'event_not_found',
            'not_own_event',
            'too_many_ticket_types',
            ...soundness,
            ...keyRefusals,
          ),
        },
      },
    },
    async (request, reply) => {
      const { caller, body, params, headers } = request
      const type = await answerOnce(deps, request, reply, 'add ticket type', [params.id, body], (keep) =>
        addTicketType(deps, caller, params.id, body, keep),
      )
      const event = await readEvent(events, params.id)
      setTag(reply, tagOf(type, shape))
      void reply.code(201).header('location', `/api/v2/ticket-types/${type.id}`)
      return shownIn(languageOf(headers['accept-language']), event)(type)
    },
  )

  app.get(
    '/events/:id/ticket-types',
    {
      schema: {
        tags,
        summary: 'What kinds of tickets an event has',
        description: 'At most 50, in the order in which to show them. Hidden ones are shown to the organizer alone.',
        params: IdParams('event'),
        response: {
          200: Type.Object({ items: Type.Array(TicketTypeView) }),
          ...problemAnswers('invalid_request', 'event_not_found'),
        },
      },
    },
    async (request, reply) => {
      const { caller, params, headers } = request
      const { id } = params
      const list = async (event: Event) => inOrder(await reading(deps.database, (db) => listTicketTypes(db, event.id)))
      const language = languageOf(headers['accept-language'])
      if (mayHaveEvents(caller)) {
        const event = await readEvent(events, id)
        if (seesHidden(caller, event)) {
          varyBy(reply, by_language)
          return { items: (await list(event)).map(shownIn(language, event)) }
        }
      }
      // What is on sale changes with the time, too, from one second to the next.
      const second = toRfc3339(toTimestamp(deps.now()))
      const answer = await deps.answers.get(eventTag(id), `types of ${id} ${language} ${second}`, async () => {
        const event = await readEvent(events, id)
        const seen = (await list(event)).filter(({ hidden }) => !hidden)
        return hashed(serialise(reply, { items: seen.map(shownIn(language, event)) }))
      })
      return sendPublic(request, reply, answer, by_language)
    },
  )

  app.get(
    '/ticket-types/:id',
    {
      schema: {
        tags,
        summary: 'Read a ticket type',
        params: IdParams('ticket type'),
        response: { 200: TicketTypeView, ...problemAnswers('invalid_request', 'ticket_type_not_found') },
      },
    },
    async ({ params, headers }, reply) => {
      const { type, event } = await readType(params.id)
      const shown = shownIn(languageOf(headers['accept-language']), event)(type)
      const language = numberOf(languageOf(headers['accept-language']))
      varyBy(reply, 'accept-language')
      setTag(reply, tagOf(type, shape, event.version, shown.available_seat, shown.on_sale ? 1 : 0, language))
      return shown
    },
  )

  app.patch(
    '/ticket-types/:id',
    {
      schema: {
        tags,
        summary: 'Change a ticket type; tickets that are sold stay as they are',
        consumes: ['application/merge-patch+json', 'application/json'],
        params: IdParams('ticket type'),
        headers: IfMatchHeader,
        body: PatchTicketTypeBody,
        response: {
          200: TicketTypeView,
          ...problemAnswers(
            'invalid_body',
            'invalid_request',
            'ticket_type_not_found',
            'not_own_event',
            'capacity_below_booked_seats',
            'ticket_type_already_sold',
            'precondition_required',
            'precondition_failed',
            ...soundness,
          ),
        },
      },
    },
    async (request, reply) => {
      const { caller, params, body, headers } = request
      const type = await changeTicketType(deps, caller, params.id, body, matchingVersion(request))
      setTag(reply, tagOf(type, shape))
      return shownIn(languageOf(headers['accept-language']), await readEvent(events, type.event_id))(type)
    },
  )

  app.delete(
    '/ticket-types/:id',
    {
      schema: {
        tags,
        summary: 'Take a ticket type off sale for good; tickets that are sold stay good',
        params: IdParams('ticket type'),
        headers: IfMatchHeader,
        response: {
          204: NoContent,
          ...problemAnswers(
            'invalid_request',
            'ticket_type_not_found',
            'not_own_event',
            'last_ticket_type',
            'precondition_failed',
          ),
        },
      },
    },
    async (request, reply) => {
      await removeTicketType(deps, request.caller, request.params.id, matchingVersionIfAny(request))
      return reply.code(204).send(null)
    },
  )
}
