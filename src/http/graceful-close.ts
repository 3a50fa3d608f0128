import type { FastifyInstance } from 'fastify'

declare module 'fastify' {
  interface FastifyInstance {
    /** From now on it says that it is not ready, and every connection ends with its next answer. It still accepts. */
    drain: () => void
    isDraining: () => boolean
  }
}

/**
 * While the server stops, a connection ends with an answer that says so: a client that knows sends nothing more on it, so
 * nothing is lost. Kept alive, connections would hold up the stop.
 */
export function endConnectionsOnClose(app: FastifyInstance): void {
  let draining = false
  let closing = false
  app.decorate('drain', () => {
    draining = true
  })
  app.decorate('isDraining', () => draining)
  app.addHook('preClose', async () => {
    draining = true
    closing = true
  })
  app.addHook('onSend', (_request, reply, _payload, done) => {
    if (draining) void reply.header('connection', 'close')
    done()
  })
  app.addHook('onResponse', (request, _reply, done) => {
    // Its headers were on their way already.
    if (closing) request.raw.socket.end()
    done()
  })
}
