import type { FastifyInstance, FastifyRequest } from 'fastify'
import { DomainError } from '../../lib/errors.ts'

type Origins = { cors_origins: readonly string[]; publicUrl: () => string }

/**
 * Refuses pages of other origins before a connection is made. A browser names the page's origin with every WebSocket,
 * and lets any page open one; who names none is no browser.
 */
export function refuseForeignPages(app: FastifyInstance, { cors_origins, publicUrl }: Origins): void {
  const isForeign = foreignTo({ cors_origins, publicUrl })
  app.addHook('onRequest', (request, _reply, done) =>
    done(isForeign(request) ? new DomainError('origin_refused') : undefined),
  )
}

/** Whether a request comes from a page of another origin than this server's, and than those that are allowed. */
export function foreignTo({ cors_origins, publicUrl }: Origins): (request: FastifyRequest) => boolean {
  const named = new Set(cors_origins)
  return ({ headers: { origin }, protocol, host }) => {
    if (origin === undefined || named.has(origin)) return false
    return ![`${protocol}://${host}`, originOf(publicUrl())].includes(origin)
  }
}

const originOf = (url: string) => (URL.canParse(url) ? new URL(url).origin : undefined)
