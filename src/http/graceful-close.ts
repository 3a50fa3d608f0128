import type { FastifyInstance } from 'fastify'

/** While the server stops, a connection ends with the answer it waits for; kept alive, it would hold up the stop. */
export function endConnectionsOnClose(app: FastifyInstance): void {
  let closing = false
  app.addHook('preClose', async () => {
    closing = true
  })
  app.addHook('onResponse', (request, _reply, done) => {
    if (closing) request.raw.socket.end()
    done()
  })
}
