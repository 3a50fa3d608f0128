import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { FastifyInstance } from 'fastify'
import pino, { type DestinationStream, type Logger } from 'pino'
import { writtenOnce } from '../lib/time.ts'

/** The caller's X-Request-Id if it is harmless to repeat, else one of our own. */
export function requestId(request: IncomingMessage): string {
  const given = request.headers['x-request-id']
  return typeof given === 'string' && /^[\w.:-]{1,100}$/.test(given) ? given : randomUUID()
}

/**
 * One line a request. Bodies, headers and query strings are never logged, so there is
 * nothing in a line to take out again.
 *
 * The line is put together here and given to the logger's own stream: an object handed to the logger costs several
 * times as much (`npm run bench` shows it), and none of these values needs escaping. For the same reason the hooks
 * call back: a promise for each would cost every request.
 */
export function logRequests(app: FastifyInstance, log: Logger): void {
  if (!log.isLevelEnabled('info')) return
  const stream = (log as unknown as Record<symbol, DestinationStream>)[pino.symbols.streamSym]!
  app.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url
    // Who asked, where that was found out: of an unknown path, say, it was not.
    const user_id = (request as { caller?: { user_id: number | undefined } }).caller?.user_id ?? null
    stream.write(
      `{"level":"info","time":"${isoOf(Date.now())}","request_id":"${request.id}",` +
        (request.trace ? `"trace_id":"${request.trace.trace_id}",` : '') +
        `"method":"${request.method}",` +
        `"route":${route === undefined ? null : `"${route}"`},"user_id":${user_id},"status":${reply.statusCode},` +
        `"duration_ms":${reply.elapsedTime.toFixed(3)},"msg":"request"}\n`,
    )
    done()
  })
}

/** A moment as RFC 3339. */
const isoOf = writtenOnce((at_ms) => new Date(at_ms).toISOString())
