import cookie from '@fastify/cookie'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Deps } from '../../deps.ts'
import { done, success } from '../../http/envelope.ts'
import { Answer, EmptyAnswer, errorAnswers } from '../../http/schemas.ts'
import { DomainError } from '../../lib/errors.ts'
import { readSelf } from '../users/read-user.ts'
import { showUser } from '../users/show-user.ts'
import { UserView } from '../users/users.schema.ts'
import type { Accounts } from './accounts.ts'
import {
  ForgotBody,
  LoginBody,
  PasswordBody,
  RefreshBody,
  ResetBody,
  SignedInView,
  TokensView,
} from './accounts.schema.ts'
import { changePassword } from './change-password.ts'
import { dropRefreshCookie, giveTokens, takeRefreshToken } from './refresh-cookie.ts'
import { refreshSession } from './refresh-session.ts'
import { forgotPassword, resetPassword } from './reset-password.ts'
import { signIn } from './sign-in.ts'
import { signOut, signOutEverywhere } from './sign-out.ts'

const tags = ['accounts']
const forgotten = 'if there is an account with this email, a link is on its way'

export const accountRoutes: FastifyPluginAsyncTypebox<Deps & { accounts: Accounts }> = async (app, deps) => {
  // Elsewhere nobody looks at cookies.
  await app.register(cookie)
  const { accounts } = deps

  app.post(
    '/auth/login',
    {
      schema: {
        tags,
        summary: 'Sign in',
        body: LoginBody,
        response: {
          200: Answer(SignedInView),
          ...errorAnswers('invalid_body', 'invalid_request', 'invalid_credentials', 'too_many_failures'),
        },
      },
    },
    async (request, reply) => {
      const { cookie = false, ...credentials } = request.body
      const signedIn = await signIn(deps, accounts, request.caller, credentials)
      const tokens = giveTokens(request, reply, signedIn, cookie)
      return success('login successful', { ...tokens, user: showUser(signedIn.user) })
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
          200: Answer(TokensView),
          ...errorAnswers('invalid_body', 'invalid_request', 'invalid_refresh_token', 'csrf_header_missing'),
        },
      },
      preValidation: takeEmptyBody,
    },
    async (request, reply) => {
      const { token, byCookie } = takeRefreshToken(request, request.body)
      if (token === undefined) throw new DomainError('invalid_refresh_token')
      const tokens = await refreshSession(deps, accounts, request.caller, token)
      return success('token refreshed successfully', giveTokens(request, reply, tokens, byCookie))
    },
  )

  app.post(
    '/auth/logout',
    {
      schema: {
        tags,
        summary: 'End this session',
        body: RefreshBody,
        response: { 200: EmptyAnswer, ...errorAnswers('invalid_body', 'invalid_request', 'csrf_header_missing') },
      },
      preValidation: takeEmptyBody,
    },
    async (request, reply) => {
      const { token } = takeRefreshToken(request, request.body)
      if (request.caller.session_id === undefined && token === undefined) throw new DomainError('not_signed_in')
      await signOut(deps, accounts, request.caller, token)
      dropRefreshCookie(request, reply)
      return done('logout successful')
    },
  )

  app.post(
    '/auth/logout-all',
    {
      schema: {
        tags,
        summary: 'End all sessions of this account',
        response: { 200: EmptyAnswer, ...errorAnswers('invalid_body') },
      },
    },
    async (request, reply) => {
      await signOutEverywhere(deps, accounts, request.caller)
      dropRefreshCookie(request, reply)
      return done('logged out everywhere')
    },
  )

  app.get(
    '/auth/me',
    {
      schema: {
        tags,
        summary: 'Who is asking',
        response: { 200: Answer(UserView), ...errorAnswers() },
      },
    },
    async (request) => {
      return success('user retrieved successfully', showUser(await readSelf(deps, request.caller)))
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
          200: EmptyAnswer,
          ...errorAnswers(
            'invalid_body',
            'invalid_request',
            'wrong_password',
            'password_too_long',
            'too_many_failures',
          ),
        },
      },
    },
    async (request) => {
      await changePassword(deps, accounts, request.caller, request.body)
      return done('password changed successfully')
    },
  )

  app.post(
    '/auth/forgot',
    {
      schema: {
        tags,
        summary: 'Ask for a link to choose a new password',
        body: ForgotBody,
        response: { 200: EmptyAnswer, ...errorAnswers('invalid_body', 'invalid_request') },
      },
    },
    async (request) => {
      // Not waited for: how long it takes would tell whether there is such an account.
      forgotPassword(deps, request.caller, request.body.email).catch((error: unknown) =>
        request.log.error({ err: error }, 'a password reset could not be issued'),
      )
      return done(forgotten)
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
          200: EmptyAnswer,
          ...errorAnswers('invalid_body', 'invalid_request', 'invalid_reset_token', 'password_too_long'),
        },
      },
    },
    async (request) => {
      await resetPassword(deps, accounts, request.caller, request.body)
      return done('password changed successfully')
    },
  )
}

/** Nothing at all stands for an object without fields: a browser's request by cookie has nothing to say. */
async function takeEmptyBody(request: { body: unknown }): Promise<void> {
  request.body ??= {}
}
