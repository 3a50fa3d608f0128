import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { sharedRead, type SharedRead } from '../../db/shared-read.ts'
import type { Deps } from '../../deps.ts'
import { listPage, PageOf } from '../../http/cursor.ts'
import { problemAnswers } from '../../http/problem.ts'
import { IdempotencyHeader, IdParams } from '../../http/schemas.ts'
import { assertMayCheckIn } from '../../lib/caller.ts'
import type { Event } from '../events/event.ts'
import { readEvent } from '../events/read-event.ts'
import { answerOnce, keyRefusals } from '../idempotency/answer-once.ts'
import type { KeysInFlight } from '../idempotency/idempotency.ts'
import { listTypesByIds } from '../ticket-types/ticket-types.sql.ts'
import { openCheckInCounts } from './check-in-counts.ts'
import { checkInTicket, openTicketCodes, plainCode } from './check-in-ticket.ts'
import {
  ActView,
  CheckInBody,
  checkInFilter,
  CheckInQuery,
  CheckInView,
  CountsView,
  GuestQuery,
  GuestView,
} from './check-ins.schema.ts'
import { listCheckIns, listGuests } from './check-ins.sql.ts'
import type { DoorLine } from './door-line.ts'
import { showCheckIn, showGuest } from './show-check-in.ts'
import { undoCheckIn } from './undo-check-in.ts'

const tags = ['check-ins']

export const checkInRoutesV2: FastifyPluginAsyncTypebox<
  Deps & { doors: DoorLine; events: SharedRead<Event>; keysInFlight: KeysInFlight }
> = async (app, deps) => {
  const codes = openTicketCodes(deps)
  const counts = openCheckInCounts(deps)
  const types = sharedRead(deps.database, listTypesByIds)

  app.post(
    '/check-ins',
    {
      schema: {
        tags,
        summary: 'Let somebody in or out at a door, by what the QR code says or by the ticket’s code',
        description:
          'Of all who come with one ticket, exactly the first gets in. `already_admitted` says in `used` when and where, ' +
          '`ticket_not_yet_valid` says in `valid_from` when the doors open. With an Idempotency-Key, a scanner that ' +
          'lost the answer gets it again, and its guest in.',
        headers: IdempotencyHeader,
        body: CheckInBody,
        response: {
          200: ActView,
          ...problemAnswers(
            'invalid_body',
            'invalid_request',
            'token_or_code',
            'event_not_found',
            'not_own_event',
            'ticket_unknown',
            'token_forged',
            'ticket_of_another_event',
            'ticket_handed_over',
            'ticket_void',
            'ticket_not_yet_valid',
            'already_admitted',
            'not_inside',
            'reentry_not_allowed',
            ...keyRefusals,
            'outcome_unknown',
          ),
        },
      },
    },
    async (request, reply) => {
      const { caller, body } = request
      return answerOnce(deps, request, reply, 'check in', body, (_keep, key) =>
        checkInTicket({ ...deps, codes }, caller, body, key),
      )
    },
  )

  app.get(
    '/check-ins',
    {
      schema: {
        tags,
        summary: 'What happened at the doors of an event, newest first',
        description: 'Of one `kind`, admissions if none is named; of one ticket, all kinds.',
        querystring: CheckInQuery,
        response: {
          200: PageOf(CheckInView),
          ...problemAnswers('invalid_request', 'invalid_cursor', 'event_not_found', 'not_own_event'),
        },
      },
    },
    async (request, reply) => {
      const { query, caller } = request
      const event = await readEvent(deps.events, query.event_id)
      assertMayCheckIn(caller, event)
      return listPage(deps.database, request, reply, listCheckIns(checkInFilter(query)), showCheckIn)
    },
  )

  app.post(
    '/check-ins/:id/undo',
    {
      schema: {
        tags,
        summary: 'Take back the last check-in of a ticket',
        description: 'As if it had not been: who was admitted was not, who left is in, who came back is out.',
        params: IdParams('check-in'),
        headers: IdempotencyHeader,
        response: {
          200: CheckInView,
          ...problemAnswers(
            'invalid_request',
            'check_in_not_found',
            'check_in_undone',
            'check_in_not_latest',
            'ticket_void',
            ...keyRefusals,
          ),
        },
      },
    },
    async (request, reply) => {
      const { id } = request.params
      const result = await answerOnce(deps, request, reply, 'undo check-in', id, (keep) =>
        undoCheckIn(deps, request.caller, id, keep),
      )
      return showCheckIn(result)
    },
  )

  app.get(
    '/events/:id/check-in-list',
    {
      schema: {
        tags,
        summary: 'The guest list of an event: its tickets that are not void',
        params: IdParams('event'),
        querystring: GuestQuery,
        response: {
          200: PageOf(GuestView),
          ...problemAnswers('invalid_request', 'invalid_cursor', 'event_not_found', 'not_own_event'),
        },
      },
    },
    async (request, reply) => {
      const event = await readEvent(deps.events, request.params.id)
      assertMayCheckIn(request.caller, event)
      const { ticket_type_id, status, q } = request.query
      const code = q === undefined ? undefined : plainCode(q)
      const listing = listGuests({ event_id: event.id, ticket_type_id, status, name_start: q, code })
      const { items, next_cursor } = await listPage(deps.database, request, reply, listing, (ticket) => ticket)
      const named = items.map(async (ticket) => {
        const type = await types.find(ticket.ticket_type_id)
        return showGuest(ticket, type?.name ?? '')
      })
      return { items: await Promise.all(named), next_cursor }
    },
  )

  app.get(
    '/events/:id/check-in-counts',
    {
      schema: {
        tags,
        summary: 'How many of an event’s guests have come in, by door, by type and by quarter of an hour',
        description: 'What was undone does not count. Version 1’s way of using a ticket has a door without a name.',
        params: IdParams('event'),
        response: { 200: CountsView, ...problemAnswers('invalid_request', 'event_not_found', 'not_own_event') },
      },
    },
    async ({ caller, params }) => {
      const event = await readEvent(deps.events, params.id)
      assertMayCheckIn(caller, event)
      const { id: _id, ...counted } = (await counts.find(event.id))!
      return counted
    },
  )
}
