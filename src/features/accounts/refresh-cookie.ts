import type { CookieSerializeOptions } from '@fastify/cookie'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { DomainError } from '../../lib/errors.ts'
import { session_s, type Tokens } from './sign-in.ts'

const name = 'karcis_refresh'

/** Out of reach of scripts, sent to this site alone and by this site alone. */
function options(request: FastifyRequest): CookieSerializeOptions {
  return { httpOnly: true, sameSite: 'strict', secure: request.protocol === 'https', path: '/', maxAge: session_s }
}

/** The pair as it is answered: with the refresh token in the body, or in a cookie for browsers. */
export function giveTokens(
  request: FastifyRequest,
  reply: FastifyReply,
  { access_token, refresh_token, expires_in }: Tokens,
  byCookie: boolean,
) {
  if (byCookie) void reply.setCookie(name, refresh_token, options(request))
  return {
    access_token,
    ...(!byCookie && { refresh_token }),
    token_type: 'Bearer' as const,
    expires_in,
  }
}

/**
 * The refresh token of the body, or else of the cookie. A cookie goes along whoever made the browser send the
 * request, so one by cookie needs a header that another site can't send without asking first.
 *
 * @throws DomainError `csrf_header_missing`
 */
export function takeRefreshToken(
  request: FastifyRequest,
  body: { refresh_token?: string } | null | undefined,
): { token: string | undefined; byCookie: boolean } {
  if (body?.refresh_token !== undefined) return { token: body.refresh_token, byCookie: false }
  const token = request.cookies[name]
  if (token === undefined) return { token: undefined, byCookie: false }
  const { origin, 'sec-fetch-site': site, 'x-csrf-protection': guard } = request.headers
  const isElsewhere = site === 'cross-site' || (origin !== undefined && hostOf(origin) !== request.host)
  if (guard === undefined || isElsewhere) throw new DomainError('csrf_header_missing')
  return { token, byCookie: true }
}

export function dropRefreshCookie(request: FastifyRequest, reply: FastifyReply): void {
  if (request.cookies[name] !== undefined) void reply.clearCookie(name, { ...options(request), maxAge: 0 })
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined
}
