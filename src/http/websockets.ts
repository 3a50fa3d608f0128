import websocket from '@fastify/websocket'
import type { FastifyInstance } from 'fastify'

/** What clients have to say is short. */
const message_bytes_max = 4 * 1_024
/** So long a client may take to close, too, before it is cut off. */
const close_ms_max = 1_000
const restart_code = 1012

const options = { maxPayload: message_bytes_max, perMessageDeflate: false, closeTimeout: close_ms_max }

/**
 * Lets routes take WebSockets (RFC 6455). Before all hooks that may refuse a request: what is refused must be closed.
 * Nothing is compressed: that costs each connection more memory than everything else.
 */
export async function takeWebSockets(app: FastifyInstance): Promise<void> {
  await app.register(websocket, {
    options,
    // What is wrong with a message or a connection is its client's affair, who is told by the code it is closed with.
    errorHandler: (error, _socket, request) => request.log.debug({ err: error }, 'a WebSocket failed'),
    preClose(done) {
      app.server.removeAllListeners('upgrade')
      app.websocketServer.close()
      // After the routes have said what they have to say.
      setImmediate(() => {
        for (const client of app.websocketServer.clients) client.close(restart_code)
      })
      done()
    },
  })
}
