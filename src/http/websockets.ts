import websocket from '@fastify/websocket'
import type { IncomingMessage } from 'node:http'
import type { FastifyInstance } from 'fastify'

/** What clients have to say is short. */
const message_bytes_max = 4 * 1_024
/** So long a client may take to close, too, before it is cut off. */
const close_ms_max = 1_000
const restart_code = 1012

const options = { maxPayload: message_bytes_max, perMessageDeflate: false, closeTimeout: close_ms_max }

/**
 * Whether a client offers a WebSocket where one is taken; elsewhere it goes on as if it had offered nothing. Some offer
 * HTTP/2 with every request: that is no WebSocket, either. Nor is a handshake that `ws` would refuse, in a form of its own.
 */
export function offersWebSocket({ method, headers, url }: IncomingMessage, paths: ReadonlySet<string>): boolean {
  const { upgrade } = headers
  if (method !== 'GET' || upgrade === undefined || !/^websocket$/i.test(upgrade)) return false
  return isHandshake(headers) && paths.has(url!.split('?', 1)[0]!)
}

/** https://www.rfc-editor.org/rfc/rfc6455#section-4.2.1 */
function isHandshake(headers: IncomingMessage['headers']): boolean {
  const { 'sec-websocket-key': key, 'sec-websocket-version': version, 'sec-websocket-protocol': offered } = headers
  if (!/^[+/0-9A-Za-z]{22}==$/.test(key ?? '') || version !== '13') return false
  if (offered === undefined) return true
  const names = offered.split(',').map((name) => name.trim())
  return names.every((name) => /^[\w!#$%&'*+.^`|~-]+$/.test(name)) && new Set(names).size === names.length
}

/**
 * Lets the routes of `app` take WebSockets (RFC 6455). A context of its own, since it looks at each request of all routes
 * that it knows. Nothing is compressed: that costs each connection more memory than everything else.
 *
 * @param paths where its routes that do are noted
 */
export async function takeWebSockets(app: FastifyInstance, paths: Set<string>): Promise<void> {
  app.addHook('onRoute', ({ url, wsHandler }) => {
    if (wsHandler) paths.add(url)
  })
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
  // Who is refused before it comes here has a connection that nobody else would end.
  app.addHook('onResponse', (request, _reply, done) => {
    if (!request.ws && offersWebSocket(request.raw, paths)) request.raw.socket.destroy()
    done()
  })
}
