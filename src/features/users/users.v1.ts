import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { reading } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import { done, success } from '../../http/envelope.ts'
import { Answer, EmptyAnswer, errorAnswers, IdParams, ListAnswer, PageQuery } from '../../http/schemas.ts'
import { sharedList } from '../../http/shared-list.ts'
import { DomainError } from '../../lib/errors.ts'
import { toRfc3339 } from '../../lib/time.ts'
import { changeUser } from './change-user.ts'
import { registerUser } from './register-user.ts'
import { removeUser } from './remove-user.ts'
import { RegisterBody, UpdateUserBody, UserView } from './users.schema.ts'
import { findUser, listUsers, type User } from './users.sql.ts'

const tags = ['users']
const params = IdParams('user')

function show(user: User) {
  return { ...user, created_at: toRfc3339(user.created_at), updated_at: toRfc3339(user.updated_at) }
}

export const userRoutes: FastifyPluginAsyncTypebox<Deps> = async (app, deps) => {
  const list = sharedList(
    'users retrieved successfully',
    (start, limit) => reading(deps.database, (db) => listUsers(db, start, limit)),
    show,
  )

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
      const user = await registerUser(deps, request.body)
      return reply.code(201).send(success('user registered successfully', show(user)))
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
    async (request, reply) => list(request.query, reply),
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
      const user = await reading(deps.database, (db) => findUser(db, request.params.id))
      if (!user) throw new DomainError('user_not_found')
      return success('user retrieved successfully', show(user))
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
      const user = await changeUser(deps, request.params.id, request.body)
      return success('user updated successfully', show(user))
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
      await removeUser(deps, request.params.id)
      return done('user deleted successfully')
    },
  )
}
