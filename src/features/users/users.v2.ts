import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Deps } from '../../deps.ts'
import { cursorQuery, listPage, PageOf } from '../../http/cursor.ts'
import { IfMatchHeader, matchingVersion, matchingVersionIfAny, setTag, shapeOf, tagOf } from '../../http/entity-tag.ts'
import { problemAnswers } from '../../http/problem.ts'
import { IdempotencyHeader, IdParams, NoContent, Strict } from '../../http/schemas.ts'
import { languageOf } from '../../lib/language.ts'
import type { Accounts } from '../accounts/accounts.ts'
import { answerOnce, doOnce, keyRefusals } from '../idempotency/answer-once.ts'
import type { KeysInFlight } from '../idempotency/idempotency.ts'
import { changeUser } from './change-user.ts'
import { eraseUser } from './erase-user.ts'
import { exportUser } from './export-user.ts'
import { readUser } from './read-user.ts'
import { registerUser } from './register-user.ts'
import { removeUser, restoreUser } from './remove-user.ts'
import { assertSamePassword } from './same-password.ts'
import { showUserV2 } from './show-user.ts'
import { AnyRole, PatchUserBody, RegisterBody, UserViewV2 } from './users.schema.ts'
import { listUsers } from './users.sql.ts'

const tags = ['users']
const params = IdParams('user')
const base = '/api/v2/users'
const shape = shapeOf(UserViewV2)

export const userRoutesV2: FastifyPluginAsyncTypebox<
  Deps & { accounts: Accounts; keysInFlight: KeysInFlight }
> = async (app, deps) => {
  const { accounts } = deps

  app.post(
    '/users',
    {
      schema: {
        tags,
        summary: 'Register a customer or an organizer',
        headers: IdempotencyHeader,
        body: Strict(RegisterBody.properties),
        response: {
          201: UserViewV2,
          ...problemAnswers(
            'invalid_body',
            'invalid_request',
            'password_too_long',
            'email_already_exists',
            'too_many_failures',
            ...keyRefusals,
          ),
        },
      },
    },
    async (request, reply) => {
      const { caller, headers, body } = request
      const { name, email, role, password } = body
      // Not the password: what is kept is a quick hash, by which it could be guessed.
      const asked = [name, email, role]
      const language = languageOf(headers['accept-language'])
      const { result, replayed } = await doOnce(
        deps,
        caller,
        headers['idempotency-key'],
        'register',
        asked,
        (keep) => registerUser(deps, caller, { ...body, language }, keep),
        email.toLowerCase(),
      )
      if (replayed) {
        await assertSamePassword(deps, accounts, caller, result.id, password)
        void reply.header('idempotency-replayed', 'true')
      }
      setTag(reply, tagOf(result, shape))
      return reply.code(201).header('location', `${base}/${result.id}`).send(showUserV2(result))
    },
  )

  app.get(
    '/users',
    {
      schema: {
        tags,
        summary: 'List users',
        querystring: Type.Object({ ...cursorQuery, role: Type.Optional(AnyRole) }),
        response: { 200: PageOf(UserViewV2), ...problemAnswers('invalid_request', 'invalid_cursor') },
      },
    },
    async (request, reply) =>
      listPage(deps.database, request, reply, listUsers({ role: request.query.role }), showUserV2),
  )

  app.get(
    '/users/:id',
    {
      schema: {
        tags,
        summary: 'Read a user',
        params,
        response: { 200: UserViewV2, ...problemAnswers('invalid_request', 'user_not_found') },
      },
    },
    async (request, reply) => {
      const user = await readUser(deps, request.caller, request.params.id)
      setTag(reply, tagOf(user, shape))
      return showUserV2(user)
    },
  )

  app.patch(
    '/users/:id',
    {
      schema: {
        tags,
        summary: 'Change name, email or language, or as an admin the role',
        consumes: ['application/merge-patch+json', 'application/json'],
        params,
        headers: IfMatchHeader,
        body: PatchUserBody,
        response: {
          200: UserViewV2,
          ...problemAnswers(
            'invalid_body',
            'invalid_request',
            'user_not_found',
            'email_already_exists',
            'role_not_yours_to_change',
            'user_has_bookings',
            'organizer_has_events',
            'precondition_required',
            'precondition_failed',
          ),
        },
      },
    },
    async (request, reply) => {
      const { id } = request.params
      const user = await changeUser(deps, accounts, request.caller, id, request.body, matchingVersion(request))
      setTag(reply, tagOf(user, shape))
      return showUserV2(user)
    },
  )

  app.delete(
    '/users/:id',
    {
      schema: {
        tags,
        summary: 'Delete a user who has no bookings and no events',
        params,
        headers: IfMatchHeader,
        response: {
          204: NoContent,
          ...problemAnswers(
            'invalid_request',
            'user_not_found',
            'user_has_bookings',
            'organizer_has_events',
            'precondition_failed',
          ),
        },
      },
    },
    async (request, reply) => {
      await removeUser(deps, accounts, request.caller, request.params.id, matchingVersionIfAny(request))
      return reply.code(204).send(null)
    },
  )

  app.post(
    '/users/:id/restoration',
    {
      schema: {
        tags,
        summary: 'Bring a deleted user back',
        params,
        headers: IdempotencyHeader,
        response: {
          200: UserViewV2,
          ...problemAnswers('invalid_request', 'nothing_to_restore', 'email_already_exists', ...keyRefusals),
        },
      },
    },
    async (request, reply) => {
      const { id } = request.params
      const result = await answerOnce(deps, request, reply, 'restore user', id, (keep) =>
        restoreUser(deps, request.caller, id, keep),
      )
      setTag(reply, tagOf(result, shape))
      return showUserV2(result)
    },
  )

  app.get(
    '/users/:id/export',
    {
      schema: {
        tags,
        summary: 'All that is stored on a person',
        params,
        response: {
          200: Type.Record(Type.String(), Type.Unknown(), { description: 'A section for each kind of row' }),
          ...problemAnswers('invalid_request', 'user_not_found'),
        },
      },
    },
    async (request, reply) => {
      void reply.header('content-disposition', `attachment; filename="karcis-user-${request.params.id}.json"`)
      return exportUser(deps, request.caller, request.params.id)
    },
  )

  app.post(
    '/users/:id/erasure',
    {
      schema: {
        tags,
        summary: 'Erase a person for good; bookings and sums stay, without names',
        description: 'Takes an Idempotency-Key, and needs none: a person is erased once.',
        params,
        headers: IdempotencyHeader,
        response: { 204: NoContent, ...problemAnswers('invalid_request', 'user_not_found', 'organizer_has_events') },
      },
    },
    async (request, reply) => {
      await eraseUser(deps, accounts, request.caller, request.params.id)
      return reply.code(204).send(null)
    },
  )
}
