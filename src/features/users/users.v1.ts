import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Deps } from '../../deps.ts'
import { done, success } from '../../http/envelope.ts'
import { Answer, EmptyAnswer, errorAnswers, IdParams, ListAnswer, PageQuery } from '../../http/schemas.ts'
import { sharedList } from '../../http/shared-list.ts'
import { languageOf } from '../../lib/language.ts'
import type { Accounts } from '../accounts/accounts.ts'
import { changeUser } from './change-user.ts'
import { readUser } from './read-user.ts'
import { registerUser } from './register-user.ts'
import { removeUser } from './remove-user.ts'
import { showUser } from './show-user.ts'
import { RegisterBody, UpdateUserBody, UserView } from './users.schema.ts'
import { listUsers } from './users.sql.ts'

const tags = ['users']
const params = IdParams('user')

export const userRoutes: FastifyPluginAsyncTypebox<Deps & { accounts: Accounts }> = async (app, deps) => {
  const list = sharedList(deps.database, 'users retrieved successfully', showUser)

  app.post(
    '/users/register',
    {
      schema: {
        tags,
        summary: 'Register a customer or an organizer',
        body: RegisterBody,
        response: {
          201: Answer(UserView),
          ...errorAnswers('invalid_body', 'invalid_request', 'password_too_long', 'email_already_exists'),
        },
      },
    },
    async (request, reply) => {
      const user = await registerUser(deps, request.caller, {
        ...request.body,
        language: languageOf(request.headers['accept-language']),
      })
      return reply.code(201).send(success('user registered successfully', showUser(user)))
    },
  )

  app.get(
    '/users',
    {
      schema: {
        tags,
        summary: 'List users',
        querystring: PageQuery,
        response: { 200: ListAnswer(UserView), ...errorAnswers('invalid_request') },
      },
    },
    async (request, reply) => list(listUsers(), request.query, reply),
  )

  app.get(
    '/users/:id',
    {
      schema: {
        tags,
        summary: 'Read a user',
        params,
        response: { 200: Answer(UserView), ...errorAnswers('invalid_request', 'user_not_found') },
      },
    },
    async (request) => {
      const user = await readUser(deps, request.caller, request.params.id)
      return success('user retrieved successfully', showUser(user))
    },
  )

  app.put(
    '/users/:id',
    {
      schema: {
        tags,
        summary: 'Change name, email or password',
        params,
        body: UpdateUserBody,
        response: {
          200: Answer(UserView),
          ...errorAnswers(
            'invalid_body',
            'invalid_request',
            'password_too_long',
            'user_not_found',
            'email_already_exists',
          ),
        },
      },
    },
    async (request) => {
      // A role that is sent along is ignored, as the contract has it.
      const { name, email, password } = request.body
      const change = { name, email, password }
      const user = await changeUser(deps, deps.accounts, request.caller, request.params.id, change)
      return success('user updated successfully', showUser(user))
    },
  )

  app.delete(
    '/users/:id',
    {
      schema: {
        tags,
        summary: 'Delete a user who has no bookings and no events',
        params,
        response: {
          200: EmptyAnswer,
          ...errorAnswers('invalid_request', 'user_not_found', 'user_has_bookings', 'organizer_has_events'),
        },
      },
    },
    async (request) => {
      await removeUser(deps, deps.accounts, request.caller, request.params.id)
      return done('user deleted successfully')
    },
  )
}
