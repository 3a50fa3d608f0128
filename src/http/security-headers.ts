import type { FastifyInstance } from 'fastify'

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
 * The same fixed headers for all, set by hand: @fastify/helmet sets thirteen, half of them for pages that an API doesn't
 * have, at nearly three times the cost of these. Behind a proxy, `https` is what a trusted one says (TRUST_PROXY).
 */
export function setSecurityHeaders(app: FastifyInstance): void {
  app.addHook('onRequest', (request, reply, done) => {
    void reply.headers(securityHeaders)
    if (request.protocol === 'https') void reply.header('strict-transport-security', https_only)
    done()
  })
}
