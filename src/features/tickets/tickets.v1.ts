import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Deps } from '../../deps.ts'
import { success } from '../../http/envelope.ts'
import { Answer, errorAnswers, IdParams, ListAnswer, PageQuery } from '../../http/schemas.ts'
import { sharedList } from '../../http/shared-list.ts'
import type { DoorLine } from '../check-ins/door-line.ts'
import { readTicket } from './read-ticket.ts'
import { showTicket, showTicketTo, showTicketToCustomer } from './show-ticket.ts'
import { ticketFilter, ticketFilters, TicketView } from './tickets.schema.ts'
import { listTickets } from './tickets.sql.ts'
import { useTicket } from './use-ticket.ts'

const tags = ['tickets']
const params = IdParams('ticket')

export const ticketRoutes: FastifyPluginAsyncTypebox<Deps & { doors: DoorLine }> = async (app, deps) => {
  const message = 'tickets retrieved successfully'
  const list = sharedList(deps.database, message, showTicket)
  // Who asks for the same page shares one answer: customers, who are shown less, share theirs.
  const listForCustomers = sharedList(deps.database, message, showTicketToCustomer)

  app.get(
    '/tickets',
    {
      schema: {
        tags,
        summary: 'List tickets',
        querystring: Type.Object({ ...PageQuery.properties, ...ticketFilters }),
        response: { 200: ListAnswer(TicketView), ...errorAnswers('invalid_request') },
      },
    },
    async ({ caller, query }, reply) =>
      (caller.role === 'customer' ? listForCustomers : list)(listTickets(ticketFilter(caller, query)), query, reply),
  )

  app.get(
    '/tickets/:id',
    {
      schema: {
        tags,
        summary: 'Read a ticket',
        params,
        response: { 200: Answer(TicketView), ...errorAnswers('invalid_request', 'ticket_not_found') },
      },
    },
    async (request) => {
      const ticket = await readTicket(deps.doors.tickets, request.caller, request.params.id)
      return success('ticket retrieved successfully', showTicketTo(request.caller, ticket))
    },
  )

  app.put(
    '/tickets/:id/use',
    {
      schema: {
        tags,
        summary: 'Use a ticket at the door, once',
        params,
        response: {
          200: Answer(TicketView),
          ...errorAnswers('invalid_request', 'ticket_not_found', 'ticket_already_used', 'ticket_void'),
        },
      },
    },
    async (request) => {
      const ticket = await useTicket(deps.doors, request.caller, request.params.id)
      return success('ticket marked as used successfully', showTicket(ticket))
    },
  )
}
