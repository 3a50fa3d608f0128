import type { FastifyInstance } from 'fastify'
import { DomainError } from '../lib/errors.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Refuses every request, whoever makes it: there is nothing to guard. */
    refuses?: boolean
  }
}

/**
 * Answers 405 with `Allow` on every path that exists, for the methods that it does not know.
 * Returns the call that ends the collecting: make it after the last route.
 */
export function answerMethodNotAllowed(app: FastifyInstance): () => void {
  const methodsOf = new Map<string, Set<string>>()
  let collecting = true
  app.addHook('onRoute', ({ url, method }) => {
    if (!collecting) return
    const methods = methodsOf.get(url) ?? new Set()
    for (const one of [method].flat()) methods.add(one)
    methodsOf.set(url, methods)
  })
  return () => {
    collecting = false
    for (const [url, methods] of methodsOf) {
      if (url.includes('*')) continue
      const missing = app.supportedMethods.filter((method) => !methods.has(method))
      app.route({
        url,
        method: missing,
        schema: { hide: true },
        config: { refuses: true },
        // Before the body is read, whatever it is.
        onRequest: async (_request, reply) => {
          void reply.header('allow', [...methods].toSorted().join(', '))
          throw new DomainError('method_not_allowed')
        },
        handler: () => undefined,
      })
    }
  }
}
