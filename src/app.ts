import fastify, { LogController, type FastifyBaseLogger, type FastifyInstance, type FastifyPluginAsync } from 'fastify'
import type { Logger } from 'pino'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import { serverRoles, type Config } from './config.ts'
import type { Deps } from './deps.ts'
import { openAccounts, type Accounts } from './features/accounts/accounts.ts'
import { accountRoutes } from './features/accounts/accounts.v1.ts'
import { accountRoutesV2 } from './features/accounts/accounts.v2.ts'
import { apiKeyRoutesV2 } from './features/accounts/api-keys.v2.ts'
import { accountOf, authenticate } from './features/accounts/authenticate.ts'
import { auditRoutesV2 } from './features/audit/audit.v2.ts'
import { checkInRoutesV2 } from './features/check-ins/check-ins.v2.ts'
import { openDoorLine } from './features/check-ins/door-line.ts'
import { doorsOfflineRoutesV2 } from './features/check-ins/doors-offline.v2.ts'
import { bookingRoutes } from './features/bookings/bookings.v1.ts'
import { bookingRoutesV2 } from './features/bookings/bookings.v2.ts'
import { openBookingLine } from './features/bookings/create-booking.ts'
import { sharedRead, type SharedRead } from './db/shared-read.ts'
import { listEventsByIds } from './features/events/events.sql.ts'
import type { Event } from './features/events/event.ts'
import { EventView, EventViewV2 } from './features/events/events.schema.ts'
import { eventRoutes } from './features/events/events.v1.ts'
import { eventRoutesV2 } from './features/events/events.v2.ts'
import { documentRoutesV2 } from './features/documents/documents.v2.ts'
import type { GraphqlSettings } from './features/graphql/graphql.routes.ts'
import type { KeysInFlight } from './features/idempotency/idempotency.ts'
import { healthRoutes } from './features/health/health.routes.ts'
import { metricsRoutes, type MetricsOnToken } from './features/health/metrics.routes.ts'
import { imageFileRoutes } from './features/images/images.routes.ts'
import { ImageView } from './features/images/images.schema.ts'
import { imageRoutesV2 } from './features/images/images.v2.ts'
import { ledgerRoutesV2 } from './features/ledger/ledger.v2.ts'
import { asyncApi } from './features/live/async-api.ts'
import { countClients, type ClientLimits } from './features/live/clients.ts'
import { openFeed, type Feed } from './features/live/feed.ts'
import { openHub } from './features/live/hub.ts'
import type { LiveDeps } from './features/live/live-deps.ts'
import { liveRoutes } from './features/live/live.routes.ts'
import { devMailPages } from './features/mail/dev-mail.routes.ts'
import { mailRoutesV2 } from './features/mail/mails.v2.ts'
import { outboxRoutesV2 } from './features/outbox/outbox.v2.ts'
import { linkedPages } from './features/pages/pages.routes.ts'
import { paymentRoutesV2 } from './features/payments/payments.v2.ts'
import { canPay, openSelling, type Selling } from './features/payments/selling.ts'
import { webhookRoutesV2 } from './features/payments/webhooks.v2.ts'
import { sandboxPages } from './features/payments/sandbox.routes.ts'
import { jwksRoutes } from './features/signatures/jwks.routes.ts'
import { staffRoutesV2 } from './features/staff/staff.v2.ts'
import { TicketTypeView } from './features/ticket-types/ticket-types.schema.ts'
import { ticketTypeRoutesV2 } from './features/ticket-types/ticket-types.v2.ts'
import { ticketRoutes } from './features/tickets/tickets.v1.ts'
import { ticketRoutesV2 } from './features/tickets/tickets.v2.ts'
import { listTicketsByIds } from './features/tickets/tickets.sql.ts'
import { transferRoutesV2 } from './features/transfers/transfers.v2.ts'
import { userRoutes } from './features/users/users.v1.ts'
import { userRoutesV2 } from './features/users/users.v2.ts'
import { parseJsonBodies } from './http/body-parser.ts'
import { allowOrigins } from './http/cors.ts'
import { handleErrors, onBadUrl, onClientError } from './http/error-handler.ts'
import { endConnectionsOnClose } from './http/graceful-close.ts'
import { shedLoad } from './http/load-shedding.ts'
import { localCounts, type OpenCount } from './http/local-counts.ts'
import { answerMethodNotAllowed } from './http/method-not-allowed.ts'
import { serveReference } from './http/openapi.ts'
import { openPublicAnswers, type PublicAnswer } from './http/public-answers.ts'
import { measureRequests } from './http/request-metrics.ts'
import { traceRequests } from './http/request-traces.ts'
import { limitAccounts, limitAddresses, openOnce, spender } from './http/rate-limit.ts'
import { logRequests, requestId } from './http/request-log.ts'
import { LazyLogger } from './http/lazy-logger.ts'
import { announceSunsets } from './http/sunset.ts'
import { watch } from './lib/metrics.ts'
import { setSecurityHeaders } from './http/security-headers.ts'
import { validatorCompiler } from './http/validation.ts'
import { refuseUnknownParameters, speakVersion2 } from './http/version-2.ts'
import { offersWebSocket, takeWebSockets } from './http/websockets.ts'
import type { SharedStore } from './lib/fresh-cache.ts'

const body_bytes_max = 2 * 1024 * 1024

const routesOfV2 = [
  accountRoutesV2,
  userRoutesV2,
  eventRoutesV2,
  ticketTypeRoutesV2,
  imageRoutesV2,
  staffRoutesV2,
  bookingRoutesV2,
  paymentRoutesV2,
  ticketRoutesV2,
  transferRoutesV2,
  documentRoutesV2,
  checkInRoutesV2,
  doorsOfflineRoutesV2,
  apiKeyRoutesV2,
  auditRoutesV2,
  ledgerRoutesV2,
  mailRoutesV2,
  outboxRoutesV2,
]

export type App = FastifyInstance

/** What an operator decides about the edge, and how long a client may take. */
export type AppSettings = Readonly<
  Pick<Config, 'roles' | 'auth' | 'sunsets' | 'trusted_proxies' | 'cors_origins' | 'rate_limits' | 'shed_wait_ms'> & {
    /** Left out: nobody is paid, and every booking succeeds at once. */
    selling?: Selling | undefined
    /** Left out: there is no sandbox. `onChange` is told which of its payments was paid, declined or closed. */
    sandbox?: Readonly<{ onChange: (attemptKey: string) => Promise<void> }> | undefined
    /** The folder whose mails can be read at /dev/mail; left out: there is no such page. */
    mail_folder?: string | undefined
    /** How many may look on at live updates. */
    live: ClientLimits
    /** Of what all servers commit. Left out: other servers are seen by polling the database. */
    feed?: Feed | undefined
    /** Left out: there is no /metrics here. */
    metrics?: MetricsOnToken | undefined
    /** Left out: there is no /graphql. */
    graphql?: GraphqlSettings | undefined
    /** Where requests are counted: here, or in Redis for several servers. */
    openCount: OpenCount
    /** Where servers leave public answers for one another, for those that serve the same shapes; left out: nowhere. */
    shareAnswers?: ((shapes: string) => SharedStore<PublicAnswer>) | undefined
    headers_ms_max: number
    request_ms_max: number
    idle_ms_max: number
    timeout_check_ms: number
  }
>

const defaults: Omit<AppSettings, 'openCount'> = {
  roles: new Set(serverRoles),
  auth: 'on',
  sunsets: {},
  trusted_proxies: [],
  cors_origins: [],
  rate_limits: undefined,
  live: { clients_max: 20_000, clients_per_address_max: 2_000 },
  shed_wait_ms: 0,
  headers_ms_max: 10_000,
  request_ms_max: 30_000,
  // Longer than the minute of most load balancers: the side that closes first should be theirs.
  idle_ms_max: 72_000,
  timeout_check_ms: 1_000,
}

/** Two versions of Karcis side by side don't read answers of the other's shape. */
const shapesOfAnswers = JSON.stringify([EventView, EventViewV2, TicketTypeView, ImageView])

/** The whole server but for its port, or as much of it as its roles serve: the same in production and in tests. */
export async function buildApp(deps: Deps, logger: Logger, given: Partial<AppSettings> = {}): Promise<App> {
  const settings: AppSettings = { ...defaults, ...given, openCount: openOnce(given.openCount ?? localCounts()) }
  const { roles } = settings
  const lazyLogger: FastifyBaseLogger = new LazyLogger(() => logger)
  const webSocketPaths = new Set<string>()
  const app = fastify({
    loggerInstance: lazyLogger,
    genReqId: requestId,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'request_id' }),
    bodyLimit: body_bytes_max,
    requestTimeout: settings.request_ms_max,
    keepAliveTimeout: settings.idle_ms_max,
    http: {
      shouldUpgradeCallback: (request) => offersWebSocket(request, webSocketPaths),
      // It is asked for in error-handler.ts.
      requireHostHeader: false,
      headersTimeout: settings.headers_ms_max,
      requestTimeout: settings.request_ms_max,
      connectionsCheckingInterval: settings.timeout_check_ms,
    },
    trustProxy: settings.trusted_proxies.length > 0 && [...settings.trusted_proxies],
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: 500 },
    clientErrorHandler: onClientError,
    frameworkErrors: onBadUrl,
  }).withTypeProvider<TypeBoxTypeProvider>()

  app.setValidatorCompiler(validatorCompiler)
  parseJsonBodies(app)
  // The order counts: even who is refused gets an id, the headers and, if a page asks, leave to read the refusal.
  logRequests(app, logger)
  measureRequests(app)
  traceRequests(app)
  setSecurityHeaders(app)
  await allowOrigins(app, settings.cors_origins)
  if (settings.shed_wait_ms > 0) {
    shedLoad(app, logger, { wait_ms_max: settings.shed_wait_ms, databaseWait_ms: deps.database.wait_ms })
  }
  if (settings.rate_limits) limitAddresses(app, settings.rate_limits, settings.openCount)
  announceSunsets(app, settings.sunsets)
  handleErrors(app, roles)
  const accounts = openAccounts(deps)
  authenticate(app, { ...accounts, open: settings.auth === 'off' })
  if (settings.rate_limits) limitAccounts(app, settings.rate_limits, settings.openCount, accountOf)
  endConnectionsOnClose(app)

  if (roles.has('api')) await serveReference(app)
  const noMoreRoutes = answerMethodNotAllowed(app)
  await app.register(healthRoutes, deps)
  if (settings.metrics) await app.register(metricsRoutes, settings.metrics)
  const selling = settings.selling ?? openSelling(deps, [], 0)
  const events = sharedRead(deps.database, listEventsByIds)
  const live = roles.has('live') ? await openLive(app, deps, settings, { accounts, events, logger }) : undefined
  const api = roles.has('api') ? await serveApi(app, deps, settings, { accounts, events, selling }) : undefined
  await app.register(async (context) => {
    if (live) {
      await takeWebSockets(context, webSocketPaths)
      await context.register(liveRoutes, live)
    }
    await api?.serveGraphql(context, live)
  })
  if (roles.has('payments')) await servePayments(app, deps, settings, selling)
  noMoreRoutes()
  await app.ready()
  return app
}

type Shared = { accounts: Accounts; events: SharedRead<Event> }

async function serveApi(
  app: App,
  deps: Deps,
  settings: AppSettings,
  { accounts, events, selling }: Shared & { selling: Selling },
): Promise<{ serveGraphql: (app: FastifyInstance, live: LiveDeps | undefined) => Promise<void> }> {
  const { mail_folder, shareAnswers, feed, graphql } = settings
  // A document like the others, whoever serves what it is about.
  app.get('/asyncapi.json', { schema: { hide: true } }, async () => asyncApi())
  await app.register(jwksRoutes, deps)
  await app.register(imageFileRoutes, deps)
  const answers = openPublicAnswers(deps.database, shareAnswers?.(shapesOfAnswers), feed?.listen)
  app.addHook('onClose', answers.close)
  const keysInFlight: KeysInFlight = new Set()
  const line = openBookingLine(deps, events, keysInFlight, canPay(selling))
  const doors = openDoorLine(deps, sharedRead(deps.database, listTicketsByIds))
  // The seed's paths have no version; they and /api/v1 are the same routes.
  for (const prefix of ['/api/v1', '']) {
    await app.register(accountRoutes, { ...deps, accounts, prefix })
    await app.register(userRoutes, { ...deps, accounts, prefix })
    await app.register(eventRoutes, { ...deps, events, answers, prefix })
    await app.register(bookingRoutes, { ...deps, line, prefix })
    await app.register(ticketRoutes, { ...deps, doors, prefix })
  }
  await app.register(
    async (v2) => {
      speakVersion2(v2)
      refuseUnknownParameters(v2)
      const more = { ...deps, accounts, events, answers, line, doors, keysInFlight, selling }
      for (const routes of routesOfV2) await v2.register(routes as FastifyPluginAsync<typeof more>, more)
    },
    { prefix: '/api/v2' },
  )
  await app.register(linkedPages, { ...deps, accounts, selling })
  if (mail_folder !== undefined) await app.register(devMailPages, { folder: mail_folder })
  return {
    async serveGraphql(context, live) {
      if (!graphql) return
      const { graphqlRoutes } = await import('./features/graphql/graphql.routes.ts')
      const spend = spender(settings.rate_limits, settings.openCount)
      const more = { ...deps, events, line, doors, keysInFlight, selling }
      await context.register(graphqlRoutes, { ...more, spend, graphql, live })
    },
  }
}

/** What /live and the subscriptions of GraphQL share. */
async function openLive(
  app: App,
  deps: Deps,
  settings: AppSettings,
  { accounts, events, logger }: Shared & { logger: Logger },
): Promise<LiveDeps> {
  const feed = settings.feed ?? (await openFeed(deps, { log: logger }))
  const live = openHub({ ...deps, feed, events, identities: accounts.identities }, logger)
  app.addHook('onClose', async () => {
    await live.close()
    if (!settings.feed) await feed.close()
  })
  const { auth, cors_origins } = settings
  const clients = countClients(settings.live)
  watch('karcis_live_connections', {}, clients.count)
  return { live, clients, accounts, log: logger, open: auth === 'off', cors_origins, publicUrl: deps.publicUrl }
}

/** What payment providers call, and the pages of the one that is made up. */
async function servePayments(app: App, deps: Deps, { sandbox }: AppSettings, selling: Selling): Promise<void> {
  await app.register(
    async (v2) => {
      speakVersion2(v2)
      await v2.register(webhookRoutesV2, { ...deps, selling })
    },
    { prefix: '/api/v2' },
  )
  if (sandbox) await app.register(sandboxPages, { ...deps, ...sandbox })
}
