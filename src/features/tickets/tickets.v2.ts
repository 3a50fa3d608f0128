import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Deps } from '../../deps.ts'
import { cursorQuery, listPage, PageOf } from '../../http/cursor.ts'
import { IfMatchHeader, matchingAnswerIfAny } from '../../http/entity-tag.ts'
import { problemAnswers } from '../../http/problem.ts'
import { IdempotencyHeader, IdParams } from '../../http/schemas.ts'
import { serialise } from '../../http/serialise.ts'
import type { DoorLine } from '../check-ins/door-line.ts'
import { answerOnce, keyRefusals } from '../idempotency/answer-once.ts'
import type { KeysInFlight } from '../idempotency/idempotency.ts'
import { readTicket } from './read-ticket.ts'
import { renameHolder } from './rename-holder.ts'
import { showTicketV2 } from './show-ticket.ts'
import { HolderQuery, PatchTicketBody, ticketFilter, ticketFilters, TicketViewV2 } from './tickets.schema.ts'
import { listTickets } from './tickets.sql.ts'
import { useTicket } from './use-ticket.ts'

const tags = ['tickets']
const params = IdParams('ticket')
const sorts = ['id', '-id'] as const

const TicketQuery = Type.Object({
  ...cursorQuery,
  ...ticketFilters,
  sort: Type.Unsafe<(typeof sorts)[number]>({ type: 'string', enum: sorts, default: 'id' }),
})

export const ticketRoutesV2: FastifyPluginAsyncTypebox<Deps & { doors: DoorLine; keysInFlight: KeysInFlight }> = async (
  app,
  deps,
) => {
  const { doors } = deps

  app.get(
    '/tickets',
    {
      schema: {
        tags,
        summary: 'List tickets',
        querystring: TicketQuery,
        response: { 200: PageOf(TicketViewV2), ...problemAnswers('invalid_request', 'invalid_cursor') },
      },
    },
    async (request, reply) => {
      const listing = listTickets(ticketFilter(request.caller, request.query), request.query.sort === '-id')
      return listPage(deps.database, request, reply, listing, (ticket) => showTicketV2(request.caller, ticket))
    },
  )

  app.get(
    '/tickets/:id',
    {
      schema: {
        tags,
        summary: 'Read a ticket',
        params,
        response: { 200: TicketViewV2, ...problemAnswers('invalid_request', 'ticket_not_found') },
      },
    },
    async (request) => {
      return showTicketV2(request.caller, await readTicket(doors.tickets, request.caller, request.params.id))
    },
  )

  app.patch(
    '/tickets/:id',
    {
      schema: {
        tags,
        summary: 'Put another name on a ticket',
        description:
          'By its customer or, when it was handed over, by its holder with the `token` of their link: until the names ' +
          'of the event close. By the organizer until it is used. There is one field, so If-Match may be left out: ' +
          'then the last name stands.',
        consumes: ['application/merge-patch+json', 'application/json'],
        params,
        querystring: HolderQuery,
        headers: IfMatchHeader,
        body: PatchTicketBody,
        response: {
          200: TicketViewV2,
          ...problemAnswers(
            'invalid_body',
            'invalid_request',
            'invalid_link',
            'ticket_not_found',
            'ticket_handed_over',
            'ticket_already_used',
            'ticket_void',
            'names_closed',
            'precondition_failed',
          ),
        },
      },
    },
    async (request, reply) => {
      const { caller, params, query, body } = request
      const matches = matchingAnswerIfAny(request)
      const ticket = await renameHolder(deps, caller, params.id, { ...body, ...query }, (before) =>
        matches?.(serialise(reply, showTicketV2(caller, before))),
      )
      return showTicketV2(caller, ticket)
    },
  )

  app.post(
    '/tickets/:id/use',
    {
      schema: {
        tags,
        summary: 'Use a ticket at the door, once',
        description: 'With an Idempotency-Key, a scanner that lost the answer gets it again, and its guest in.',
        params,
        headers: IdempotencyHeader,
        response: {
          200: TicketViewV2,
          ...problemAnswers(
            'invalid_request',
            'ticket_not_found',
            'ticket_already_used',
            'ticket_void',
            ...keyRefusals,
            'outcome_unknown',
          ),
        },
      },
    },
    async (request, reply) => {
      const { id } = request.params
      const result = await answerOnce(deps, request, reply, 'use ticket', id, (_keep, key) =>
        useTicket(doors, request.caller, id, key),
      )
      return showTicketV2(request.caller, result)
    },
  )
}
