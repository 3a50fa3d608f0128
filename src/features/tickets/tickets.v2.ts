import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Deps } from '../../deps.ts'
import { cursorQuery, listPage, PageOf } from '../../http/cursor.ts'
import { problemAnswers } from '../../http/problem.ts'
import { IdempotencyHeader, IdParams } from '../../http/schemas.ts'
import { answerOnce, keyRefusals } from '../idempotency/answer-once.ts'
import type { KeysInFlight } from '../idempotency/idempotency.ts'
import { readTicket } from './read-ticket.ts'
import { showTicket } from './show-ticket.ts'
import { ticketFilter, ticketFilters, TicketViewV2 } from './tickets.schema.ts'
import { listTickets } from './tickets.sql.ts'
import { useTicket, type DoorLine } from './use-ticket.ts'

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
      return listPage(deps.database, request, reply, listing, showTicket)
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
      return showTicket(await readTicket(doors.tickets, request.caller, request.params.id))
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
      return showTicket(result)
    },
  )
}
