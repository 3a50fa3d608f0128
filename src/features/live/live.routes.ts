import type { Socket } from 'node:net'
import type { FastifyPluginAsync, FastifyRequest } from 'fastify'
import type { WebSocket } from 'ws'
import { DomainError } from '../../lib/errors.ts'
import { bearerIn } from '../accounts/identify.ts'
import { closeCodes, converse, type Conversation, type Line } from './conversation.ts'
import { eventStreamRoutes } from './event-stream.routes.ts'
import { buffered_bytes_max, retryMs, type LiveDeps } from './live-deps.ts'
import { frameOf } from './message-text.ts'
import { refuseForeignPages } from './origins.routes.ts'
import { count } from '../../lib/metrics.ts'

/** A client that was silent for so long is pinged, and cut off if it stays silent. */
const silent_ms_max = 30_000
const gone_ms = 45_000
/** Who looks on at nothing has so long to begin. */
const idle_ms_max = 60_000
const sweep_ms = 1_000
/** https://www.rfc-editor.org/rfc/rfc6455#section-7.4.1, and by IANA's registry: restart, and try again later. */
const standardCodes = { unsupported: 1003, restart: 1012, later: 1013 } as const

type Client = { socket: WebSocket; conversation: Conversation; heard_at: number; isPinged: boolean; idle_since: number | undefined } // prettier-ignore

/** Live updates: a WebSocket at /live, and the same stream as server-sent events at /live/events. */
export const liveRoutes: FastifyPluginAsync<LiveDeps> = async (app, deps) => {
  const { clients, log } = deps
  const connected = new Set<Client>()
  let sweeping: NodeJS.Timeout | undefined
  let isClosing = false

  refuseForeignPages(app, deps)
  await app.register(eventStreamRoutes, deps)

  app.route({
    method: 'GET',
    url: '/live',
    exposeHeadRoute: false,
    schema: { hide: true },
    handler: async (_request, reply) => {
      void reply.header('upgrade', 'websocket').header('sec-websocket-version', '13')
      throw new DomainError('websocket_expected')
    },
    wsHandler: (socket, request) => {
      try {
        enter(socket, request)
      } catch (error) {
        // The one thing that it may be refused for when it is a WebSocket already: there are too many.
        const { code, message } = error as DomainError
        socket.send(JSON.stringify({ type: 'error', code, message }))
        socket.close(standardCodes.later, code)
      }
    },
  })

  function enter(socket: WebSocket, request: FastifyRequest): void {
    if (isClosing) throw new DomainError('server_busy')
    const leave = clients.enter(request.ip)
    const { headers, caller } = request
    const token = headers.authorization === undefined ? undefined : bearerIn(headers.authorization)
    let conversation: Conversation
    try {
      conversation = converse(deps, lineTo(socket, request.raw.socket), { caller, token })
    } catch (error) {
      leave()
      throw error
    }
    const now = performance.now()
    const client: Client = { socket, conversation, heard_at: now, isPinged: false, idle_since: now }
    connected.add(client)
    sweeping ??= setInterval(sweep, sweep_ms).unref()
    const heard = () => {
      client.heard_at = performance.now()
      client.isPinged = false
    }
    socket.on('message', (data, isBinary) => {
      heard()
      if (isBinary) return socket.close(standardCodes.unsupported, 'send text')
      // As `ws` gives it unless told otherwise.
      conversation.hear((data as Buffer).toString())
    })
    socket.on('pong', heard)
    socket.on('ping', heard)
    socket.on('close', () => {
      connected.delete(client)
      conversation.end()
      leave()
      if (connected.size > 0) return
      clearInterval(sweeping)
      sweeping = undefined
    })
  }

  function sweep(): void {
    const now = performance.now()
    for (const client of connected) {
      const { socket, conversation, heard_at, isPinged } = client
      const silent_ms = now - heard_at
      if (silent_ms > gone_ms) socket.terminate()
      else if (silent_ms > silent_ms_max && !isPinged) {
        client.isPinged = true
        socket.ping()
      }
      if (conversation.channels() > 0) client.idle_since = undefined
      else client.idle_since ??= now
      if (client.idle_since !== undefined && now - client.idle_since > idle_ms_max) {
        socket.close(closeCodes.idle, 'subscribed to nothing')
      }
    }
  }

  app.addHook('preClose', async () => {
    isClosing = true
    for (const { socket, conversation } of connected) {
      conversation.end()
      socket.send(JSON.stringify({ type: 'closing', retry_ms: retryMs() }))
      socket.close(standardCodes.restart, 'the server is restarting')
    }
    log.debug({ clients: connected.size }, 'live clients were told to come back')
  })
}

/** @param connection what the socket's frames go over */
function lineTo(socket: WebSocket, connection: Socket): Line {
  function takesMore(): boolean {
    if (socket.readyState !== socket.OPEN) return false
    if (socket.bufferedAmount <= buffered_bytes_max) return true
    count('karcis_live_dropped_total', {})
    socket.close(closeCodes.slow, 'too slow')
    return false
  }
  return {
    send(text) {
      if (takesMore()) socket.send(text)
    },
    // Its frame is made once for all. `send` would make one for each, in two parts, and take a fifth longer.
    tell(message) {
      if (takesMore()) connection.write(frameOf(message))
    },
    close: (code: number, reason: string) => socket.close(code, reason),
  }
}
