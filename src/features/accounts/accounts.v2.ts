import cookie from '@fastify/cookie'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Deps } from '../../deps.ts'
import { problemAnswers } from '../../http/problem.ts'
import { NoContent } from '../../http/schemas.ts'
import { DomainError } from '../../lib/errors.ts'
import { readSelf } from '../users/read-user.ts'
import { showUserV2 } from '../users/show-user.ts'
import { UserViewV2 } from '../users/users.schema.ts'
import type { Accounts } from './accounts.ts'
import {
  ConfirmBody,
  ForgotBody,
  LoginBody,
  PasswordBody,
  RefreshBody,
  ResetBody,
  SignedInViewV2,
  TokensView,
} from './accounts.schema.ts'
import { askToConfirm, confirmEmail } from './confirm-email.ts'
import { changePassword } from './change-password.ts'
import { dropRefreshCookie, giveTokens, takeRefreshToken } from './refresh-cookie.ts'
import { refreshSession } from './refresh-session.ts'
import { forgotPassword, resetPassword } from './reset-password.ts'
import { signIn } from './sign-in.ts'
import { signOut, signOutEverywhere } from './sign-out.ts'

const tags = ['accounts']

/** They take no Idempotency-Key: what they answer is secret, and is kept nowhere. */
export const accountRoutesV2: FastifyPluginAsyncTypebox<Deps & { accounts: Accounts }> = async (app, deps) => {
  // Elsewhere nobody looks at cookies.
  await app.register(cookie)
  const { accounts } = deps
  // A browser's request by cookie has nothing to say.
  app.addHook('preValidation', async (request) => {
    request.body ??= {}
  })

  app.post(
    '/auth/login',
    {
      schema: {
        tags,
        summary: 'Sign in',
        body: LoginBody,
        response: {
          200: SignedInViewV2,
          ...problemAnswers('invalid_body', 'invalid_request', 'invalid_credentials', 'too_many_failures'),
        },
      },
    },
    async (request, reply) => {
      const { cookie = false, ...credentials } = request.body
      const signedIn = await signIn(deps, accounts, request.caller, credentials)
      return { ...giveTokens(request, reply, signedIn, cookie), user: showUserV2(signedIn.user) }
    },
  )

  app.post(
    '/auth/refresh',
    {
      schema: {
        tags,
        summary: 'Exchange a refresh token for a new pair',
        body: RefreshBody,
        response: {
          200: TokensView,
          ...problemAnswers('invalid_body', 'invalid_request', 'invalid_refresh_token', 'csrf_header_missing'),
        },
      },
    },
    async (request, reply) => {
      const { token, byCookie } = takeRefreshToken(request, request.body)
      if (token === undefined) throw new DomainError('invalid_refresh_token')
      return giveTokens(request, reply, await refreshSession(deps, accounts, request.caller, token), byCookie)
    },
  )

  app.post(
    '/auth/logout',
    {
      schema: {
        tags,
        summary: 'End this session',
        body: RefreshBody,
        response: { 204: NoContent, ...problemAnswers('invalid_body', 'invalid_request', 'csrf_header_missing') },
      },
    },
    async (request, reply) => {
      const { token } = takeRefreshToken(request, request.body)
      if (request.caller.session_id === undefined && token === undefined) throw new DomainError('not_signed_in')
      await signOut(deps, accounts, request.caller, token)
      dropRefreshCookie(request, reply)
      return reply.code(204).send(null)
    },
  )

  app.post(
    '/auth/logout-all',
    {
      schema: {
        tags,
        summary: 'End all sessions of this account',
        response: { 204: NoContent, ...problemAnswers('invalid_body') },
      },
    },
    async (request, reply) => {
      await signOutEverywhere(deps, accounts, request.caller)
      dropRefreshCookie(request, reply)
      return reply.code(204).send(null)
    },
  )

  app.get(
    '/auth/me',
    { schema: { tags, summary: 'Who is asking', response: { 200: UserViewV2, ...problemAnswers() } } },
    async (request) => {
      return showUserV2(await readSelf(deps, request.caller))
    },
  )

  app.post(
    '/auth/password',
    {
      schema: {
        tags,
        summary: 'Change the password; ends the other sessions',
        body: PasswordBody,
        response: {
          204: NoContent,
          ...problemAnswers(
            'invalid_body',
            'invalid_request',
            'wrong_password',
            'password_too_long',
            'too_many_failures',
          ),
        },
      },
    },
    async (request, reply) => {
      await changePassword(deps, accounts, request.caller, request.body)
      return reply.code(204).send(null)
    },
  )

  app.post(
    '/auth/forgot',
    {
      schema: {
        tags,
        summary: 'Ask for a link to choose a new password, whether there is such an account or not',
        body: ForgotBody,
        response: { 202: Type.Null(), ...problemAnswers('invalid_body', 'invalid_request') },
      },
    },
    async (request, reply) => {
      // Not waited for: how long it takes would tell whether there is such an account.
      forgotPassword(deps, request.caller, request.body.email).catch((error: unknown) =>
        request.log.error({ err: error }, 'a password reset could not be issued'),
      )
      // Nothing: null would be sent as the text of it.
      return reply.code(202).send(undefined as never)
    },
  )

  app.post(
    '/auth/reset',
    {
      schema: {
        tags,
        summary: 'Choose a new password by the token of that link; ends all sessions',
        body: ResetBody,
        response: {
          204: NoContent,
          ...problemAnswers('invalid_body', 'invalid_request', 'invalid_reset_token', 'password_too_long'),
        },
      },
    },
    async (request, reply) => {
      await resetPassword(deps, accounts, request.caller, request.body)
      return reply.code(204).send(null)
    },
  )

  app.post(
    '/auth/confirm-email',
    {
      schema: {
        tags,
        summary: 'Confirm an address by the token of the link that was mailed to it',
        description: 'Once more does no harm. Nothing is refused to who has not confirmed their address.',
        body: ConfirmBody,
        response: { 204: NoContent, ...problemAnswers('invalid_body', 'invalid_request', 'invalid_link') },
      },
    },
    async (request, reply) => {
      await confirmEmail(deps, request.body.token, request.caller)
      return reply.code(204).send(null)
    },
  )

  app.post(
    '/auth/confirm-email/request',
    {
      schema: {
        tags,
        summary: 'Ask for another mail with that link, at most one a minute',
        response: { 202: Type.Null(), ...problemAnswers('invalid_body') },
      },
    },
    async (request, reply) => {
      await askToConfirm(deps, request.caller)
      return reply.code(202).send(undefined as never)
    },
  )
}
