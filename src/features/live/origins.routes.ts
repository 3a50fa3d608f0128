import type { FastifyInstance } from 'fastify'
import { DomainError } from '../../lib/errors.ts'

/**
 * Refuses pages of other origins before a connection is made. A browser names the page's origin with every WebSocket,
 * and lets any page open one; who names none is no browser.
 */
export function refuseForeignPages(
  app: FastifyInstance,
  { cors_origins, publicUrl }: { cors_origins: readonly string[]; publicUrl: () => string },
): void {
  const named = new Set(cors_origins)
  app.addHook('onRequest', (request, _reply, done) => {
    const { origin } = request.headers
    if (origin === undefined || named.has(origin)) return done()
    const own = [`${request.protocol}://${request.host}`, originOf(publicUrl())]
    done(own.includes(origin) ? undefined : new DomainError('origin_refused'))
  })
}

const originOf = (url: string) => (URL.canParse(url) ? new URL(url).origin : undefined)
