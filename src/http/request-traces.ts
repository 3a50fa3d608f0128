import type { FastifyInstance, FastifyRequest } from 'fastify'
import { isTraced, traceRequest, type TracedRequest } from '../lib/tracing.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Undefined unless traces are wanted. */
    trace?: TracedRequest
  }
}

/** A span for each request, in the trace that its client names; what is done for it becomes part of it. */
export function traceRequests(app: FastifyInstance): void {
  if (!isTraced()) return
  app.addHook('onRequest', (request, reply, done) => {
    const { traceparent } = request.headers
    const trace = traceRequest(typeof traceparent === 'string' ? traceparent : undefined)!
    request.trace = trace
    reply.raw.once('close', () => {
      const status = reply.raw.statusCode
      const route = request.routeOptions.url ?? 'none'
      const said = { 'http.request.method': request.method, 'http.route': route, 'http.response.status_code': status }
      trace.end(`${request.method} ${route}`, { ...said, request_id: request.id }, status >= 500)
    })
    trace.within(done)
  })
  // The body arrives by events of the socket, which are part of no request: what follows it begins here again.
  app.addHook('preValidation', (request: FastifyRequest, _reply, done) => request.trace!.within(done))
}
