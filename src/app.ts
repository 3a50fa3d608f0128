import fastify, { LogController, type FastifyBaseLogger, type FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { Deps } from './deps.ts'
import { bookingRoutes } from './features/bookings/bookings.v1.ts'
import { openBookingLine } from './features/bookings/create-booking.ts'
import { sharedRead } from './db/shared-read.ts'
import { listEventsByIds } from './features/events/events.sql.ts'
import { eventRoutes } from './features/events/events.v1.ts'
import { healthRoutes } from './features/health/health.routes.ts'
import { ticketRoutes } from './features/tickets/tickets.v1.ts'
import { openDoorLine } from './features/tickets/use-ticket.ts'
import { userRoutes } from './features/users/users.v1.ts'
import { parseJsonBodies } from './http/body-parser.ts'
import { handleErrors, onClientError } from './http/error-handler.ts'
import { failureBody } from './http/envelope.ts'
import { endConnectionsOnClose } from './http/graceful-close.ts'
import { answerMethodNotAllowed } from './http/method-not-allowed.ts'
import { serveReference } from './http/openapi.ts'
import { logRequests, requestId } from './http/request-log.ts'
import { validatorCompiler } from './http/validation.ts'

const body_bytes_max = 2 * 1024 * 1024
const request_ms_max = 30_000

export type App = FastifyInstance

/** The whole server but for its port: the same in production and in tests. */
export async function buildApp(deps: Deps, logger: Logger): Promise<App> {
  const baseLogger: FastifyBaseLogger = logger
  const app = fastify({
    loggerInstance: baseLogger,
    genReqId: requestId,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'request_id' }),
    bodyLimit: body_bytes_max,
    requestTimeout: request_ms_max,
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: 500 },
    clientErrorHandler: onClientError,
    // A path that can't be decoded has no route, and so no handler of its own.
    frameworkErrors: (_error, _request, reply) => {
      reply.raw.writeHead(400, { 'content-type': 'application/json; charset=utf-8' })
      reply.raw.end(failureBody('invalid_request'))
    },
  }).withTypeProvider<TypeBoxTypeProvider>()

  app.setValidatorCompiler(validatorCompiler)
  parseJsonBodies(app)
  handleErrors(app)
  logRequests(app, logger)
  endConnectionsOnClose(app)

  await serveReference(app)
  const noMoreRoutes = answerMethodNotAllowed(app)
  await app.register(healthRoutes, deps)
  const events = sharedRead(deps.database, listEventsByIds)
  const line = openBookingLine(deps, events)
  const doors = openDoorLine(deps)
  // The seed's paths have no version; they and /api/v1 are the same routes.
  for (const prefix of ['/api/v1', '']) {
    await app.register(userRoutes, { ...deps, prefix })
    await app.register(eventRoutes, { ...deps, events, prefix })
    await app.register(bookingRoutes, { ...deps, line, prefix })
    await app.register(ticketRoutes, { ...deps, doors, prefix })
  }
  noMoreRoutes()
  await app.ready()
  return app
}
