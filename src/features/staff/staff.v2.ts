import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { SharedRead } from '../../db/shared-read.ts'
import type { Deps } from '../../deps.ts'
import { cursorQuery, listPage, PageOf } from '../../http/cursor.ts'
import { problemAnswers } from '../../http/problem.ts'
import { Id, IdempotencyHeader, IdParams, Moment, NoContent, Strict } from '../../http/schemas.ts'
import { isOrganizerOf } from '../../lib/caller.ts'
import { DomainError } from '../../lib/errors.ts'
import { toRfc3339 } from '../../lib/time.ts'
import { languageOf } from '../../lib/language.ts'
import type { Accounts } from '../accounts/accounts.ts'
import type { Event } from '../events/event.ts'
import { readEvent } from '../events/read-event.ts'
import { answerOnce, keyRefusals } from '../idempotency/answer-once.ts'
import type { KeysInFlight } from '../idempotency/idempotency.ts'
import { Email, Name } from '../users/users.schema.ts'
import { inviteStaff, removeStaff } from './invite-staff.ts'
import { listStaff, type StaffMember } from './staff.sql.ts'

const tags = ['staff']
const params = IdParams('event')
const memberParams = Type.Object({ ...params.properties, user_id: Type.Integer({ minimum: 1 }) })
const StaffView = Type.Object({ user_id: Id, name: Type.String(), email: Type.String(), created_at: Moment })

function show(member: StaffMember) {
  return { ...member, created_at: toRfc3339(member.created_at) }
}

export const staffRoutesV2: FastifyPluginAsyncTypebox<
  Deps & { accounts: Accounts; events: SharedRead<Event>; keysInFlight: KeysInFlight }
> = async (app, deps) => {
  app.post(
    '/events/:id/staff',
    {
      schema: {
        tags,
        summary: 'Invite somebody to work at the door',
        description: 'They may look up and use the tickets of this event, and nothing else.',
        params,
        headers: IdempotencyHeader,
        body: Strict({ email: Email, name: Name }),
        response: {
          201: StaffView,
          ...problemAnswers(
            'invalid_body',
            'invalid_request',
            'event_not_found',
            'not_own_event',
            'staff_role_taken',
            ...keyRefusals,
          ),
        },
      },
    },
    async (request, reply) => {
      const { caller, body, params } = request
      const result = await answerOnce(deps, request, reply, 'invite staff', [params.id, body], (keep) =>
        inviteStaff(
          deps,
          deps.accounts,
          caller,
          params.id,
          { ...body, language: languageOf(request.headers['accept-language']) },
          keep,
        ),
      )
      return reply.code(201).send(show(result))
    },
  )

  app.get(
    '/events/:id/staff',
    {
      schema: {
        tags,
        summary: 'Who works at an event',
        params,
        querystring: Type.Object(cursorQuery),
        response: {
          200: PageOf(StaffView),
          ...problemAnswers('invalid_request', 'invalid_cursor', 'event_not_found', 'not_own_event'),
        },
      },
    },
    async (request, reply) => {
      const event = await readEvent(deps.events, request.params.id)
      if (!isOrganizerOf(request.caller, event.organizer_id)) throw new DomainError('not_own_event')
      return listPage(deps.database, request, reply, listStaff(event.id), show)
    },
  )

  app.delete(
    '/events/:id/staff/:user_id',
    {
      schema: {
        tags,
        summary: 'Take the right to an event’s tickets away',
        params: memberParams,
        response: {
          204: NoContent,
          ...problemAnswers('invalid_request', 'event_not_found', 'not_own_event', 'staff_not_found'),
        },
      },
    },
    async (request, reply) => {
      const { id, user_id } = request.params
      await removeStaff(deps, deps.accounts, request.caller, id, user_id)
      return reply.code(204).send(null)
    },
  )
}
