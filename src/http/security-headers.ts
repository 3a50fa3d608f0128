import type { FastifyInstance, FastifyReply } from 'fastify'

/** What browsers are told of every answer, unless a route sets its own: nothing runs it, frames it or keeps it. */
export const securityHeaders = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
} as const

/** What /docs needs: its own scripts and styles, the pictures inside these, and to call this server. */
export const docsPolicy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self' data:; " +
  "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

/** Half a year, without subdomains: those may not be Karcis's to decide on. */
const https_only = 'max-age=15552000'

/**
 * The same fixed headers for all, and the request's id, set by hand: @fastify/helmet sets thirteen, half of them for pages
 * that an API doesn't have, at nearly three times the cost of these. Behind a proxy, `https` is what a trusted one says
 * (TRUST_PROXY). Before all hooks that set headers of their own.
 */
export function setSecurityHeaders(app: FastifyInstance): void {
  app.addHook('onRequest', (request, reply, done) => {
    begin(reply, { 'x-request-id': request.id, ...securityHeaders })
    if (request.protocol === 'https') void reply.header('strict-transport-security', https_only)
    done()
  })
}

/** By which Fastify keeps an answer's headers. */
let place: symbol | undefined

/**
 * Gives an answer that has no headers yet these. One by one, each would change the shape of the object that Fastify keeps
 * them in, which for these seven took some 6 of the 85 µs of a list of events; so the object is put there whole. Should
 * Fastify keep them elsewhere one day, they are set one by one: security-headers.test.ts says so.
 */
function begin(reply: FastifyReply, headers: Record<string, string>): void {
  place ??= headersPlace(reply)
  if (place) (reply as unknown as Record<symbol, object>)[place] = headers
  else void reply.headers(headers)
}

/** Undefined where they are not kept as they are in Fastify 5. */
export function headersPlace(reply: FastifyReply): symbol | undefined {
  return Object.getOwnPropertySymbols(reply).find(({ description }) => description === 'fastify.reply.headers')
}
