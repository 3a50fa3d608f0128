import { Type } from 'typebox'
import { checkerOf } from '../../http/validation.ts'
import { readEvent } from '../events/read-event.ts'
import { readTicket } from '../tickets/read-ticket.ts'
import { showTicketV2 } from '../tickets/show-ticket.ts'
import { ticketFilter, ticketFilters } from '../tickets/tickets.schema.ts'
import { listTickets, type Ticket } from '../tickets/tickets.sql.ts'
import { connection, orderOf, pageArgs, Sorted } from './connection.graphql.ts'
import type { GraphContext } from './context.ts'
import { shownEvent } from './events.graphql.ts'
import { by, type Fields } from './field.ts'

const checkList = checkerOf(Type.Object({ ...pageArgs, ...ticketFilters, sort: Sorted(['id']) }))

export const shownTicket = ({ caller }: GraphContext, ticket: Ticket) => showTicketV2(caller, ticket)

export const ticketFields: Fields = {
  'Query.tickets': by('GET /tickets', (_, args, context) => {
    const { sort, ...query } = checkList(args)
    const listing = listTickets(ticketFilter(context.caller, query), orderOf(sort).descending)
    return connection(context.deps.database, listing, query, (ticket) => shownTicket(context, ticket))
  }),

  'Query.ticket': by('GET /tickets/:id', async (_, { id }: { id: number }, context) =>
    shownTicket(context, await readTicket(context.deps.doors.tickets, context.caller, id)),
  ),

  'Ticket.event': by('GET /events/:id', async ({ event_id }: { event_id: number }, _, context) =>
    shownEvent(context, await readEvent(context.deps.events, event_id)),
  ),
}
