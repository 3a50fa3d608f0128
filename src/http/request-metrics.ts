import type { FastifyInstance } from 'fastify'
import { isRecorded, observe, watch } from '../lib/metrics.ts'

/** Counts and times requests, where metrics are wanted. By the route's pattern: URLs are as many as people can think of. */
export function measureRequests(app: FastifyInstance): void {
  if (!isRecorded()) return
  let inFlight = 0
  watch('karcis_http_requests_in_flight', {}, () => inFlight)
  app.addHook('onRequest', (request, reply, done) => {
    inFlight++
    // Once for each request, also for those whose clients have gone; there is no other sign of all of them.
    reply.raw.once('close', () => {
      inFlight--
      const status = reply.raw.writableFinished ? `${Math.floor(reply.raw.statusCode / 100)}xx` : 'aborted'
      const route = request.routeOptions.url ?? 'none'
      observe(
        'karcis_http_request_duration_seconds',
        { route, method: methodOf(request.method), status },
        reply.elapsedTime / 1_000,
      )
    })
    done()
  })
}

const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])

/** HTTP has more than thirty, and who asks may send any of them. */
const methodOf = (method: string): string => (methods.has(method) ? method : 'other')
