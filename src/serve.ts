import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import { buildApp, type App } from './app.ts'
import { mailFolder, serverRoles, type Config } from './config.ts'
import { birthOf, compareMigrations, migrate } from './db/migrate.ts'
import { reading } from './db/transaction.ts'
import { whatToTry } from './demo.ts'
import type { Deps } from './deps.ts'
import { readListed } from './features/graphql/listed-documents.ts'
import type { GraphqlSettings } from './features/graphql/graphql.routes.ts'
import { makeFirstAdmin } from './features/users/make-user.ts'
import { openFeed } from './features/live/feed.ts'
import { signLink } from './features/signatures/link-token.ts'
import { pageLink } from './features/signatures/page-links.ts'
import { noteChange } from './features/payments/receive-notice.ts'
import type { OpenCount } from './http/local-counts.ts'
import type { PublicAnswer } from './http/public-answers.ts'
import { keptBy, startHousekeeping } from './housekeeping.ts'
import type { SharedStore } from './lib/fresh-cache.ts'
import { wakeSignal } from './lib/wake.ts'
import { createLogger } from './log.ts'
import { openObserving } from './observing.ts'
import { sellingBy } from './providers.ts'
import { seed } from './seed.ts'
import { stopOnSignal } from './stop-on-signal.ts'
import { lanesOf, workOf } from './work.ts'
import { startWorker, type Worker } from './worker.ts'

/**
 * Connections that wait to be accepted. With Node's 511, a crowd that comes at once has its packets dropped, and
 * waits seconds before it tries again.
 */
const backlog_max = 4_096

const demo_link_ms = 24 * 60 * 60 * 1_000

/** What servers with the same Redis have in common. */
export type SharedByServers = Readonly<{
  openCount: OpenCount
  /** For servers on the same database that serve the same shapes. */
  shareAnswers: (database: string, shapes: string) => SharedStore<PublicAnswer>
  close: () => void
}>

/** Migrates, listens, does what is due in the lanes of its roles, and stays until it is told to stop. */
export async function serve(
  config: Config,
  open: {
    deps: (config: Config, wake: () => void, publicUrl: () => string) => Promise<Deps>
    shared: (config: Config, log: Logger) => Promise<SharedByServers | undefined>
  },
  { isDemo, startedByNpm }: { isDemo: boolean; startedByNpm: boolean },
): Promise<void> {
  const { roles } = config
  const log = createLogger(config)
  const observing = await openObserving(config, log)
  const signal = wakeSignal()
  let url = config.public_url ?? ''
  const deps = await open.deps(config, signal.wake, () => url)
  const shared = await open.shared(config, log)
  const feed = await openFeed(deps, { redis_url: config.redis_url, log })
  const selling = sellingBy(config, deps)
  let app: App | undefined
  let worker: Worker | undefined
  const close = async () => {
    await Promise.all([app?.close(), worker?.stop()])
    await feed.close()
    shared?.close()
    deps.mailer.close()
    await observing.close()
    await deps.database.close()
  }
  /** Says first that it is about to end, and serves on for a while; what is due is left to others at once. */
  const stop = async () => {
    app?.drain()
    void worker?.stop()
    await sleep(config.drain_ms)
    await close()
  }
  try {
    const applied = await migrate(deps.database)
    if (applied.length > 0) log.info({ applied }, 'migrated')
    const { newer } = await reading(deps.database, compareMigrations)
    if (newer.length > 0) log.warn({ newer }, 'the tables are those of a newer version, and this one goes on with them')
    if (roles.size < serverRoles.length && config.public_url === undefined) {
      log.warn('PUBLIC_URL is not set: links lead to this server, which serves its roles alone')
    }
    const born = await birthOf(deps.database)
    const { auth, sunsets, trusted_proxies, cors_origins, rate_limits, shed_wait_ms, live } = config
    const settings = {
      roles,
      auth,
      sunsets,
      ...(config.graphql && { graphql: await graphqlSettings(config.graphql, config.is_production) }),
      trusted_proxies,
      cors_origins,
      rate_limits,
      shed_wait_ms,
      live,
      feed,
      ...(shared && {
        openCount: shared.openCount,
        shareAnswers: (shapes: string) => shared.shareAnswers(born, shapes),
      }),
      selling,
      metrics: observing.onToken,
      ...(!config.is_production && config.smtp_url === undefined && { mail_folder: mailFolder(config) }),
      ...(config.sandbox_payments && {
        sandbox: { onChange: (attemptKey: string) => noteChange(deps, 'sandbox', attemptKey) },
      }),
    }
    if (config.admin) await makeFirstAdmin(deps, log, config.admin)
    if (auth === 'off') log.warn('AUTH=off: anyone on this machine may do anything; this is for classrooms alone')
    if (config.smtp_url === undefined) {
      const who = config.is_production ? 'reach nobody' : 'can be read at /dev/mail by whoever reaches this server'
      log.warn(`SMTP_URL is not set: mails are written to files, and ${who}`)
    }
    if (config.sandbox_payments) log.warn('SANDBOX_PAYMENTS=on: who has the link of a payment pays it without money')
    app = await buildApp(deps, log, settings)
    await observing.start(deps)
    const demo = isDemo ? await seed(deps) : undefined
    await app.listen({ port: config.port, host: config.host, backlog: backlog_max })
    const { port } = app.server.address() as AddressInfo
    const here = `http://${config.host === '0.0.0.0' || config.host === '::' ? 'localhost' : config.host}:${port}`
    url ||= here
    log.info({ url: here, docs: `${here}/docs`, database: config.database.dialect, roles: [...roles] }, 'listening')
    if (demo) {
      // Its database is new, so the first booking will be this one.
      const link = await signLink(deps.signer, { purpose: 'booking', id: 1 }, new Date(Date.now() + demo_link_ms))
      console.log(whatToTry(here, demo.event_id, pageLink(deps, 'booking', link)))
    }
  } catch (error) {
    await close()
    throw error
  }
  const lanes = lanesOf(config)
  if (lanes.has('work')) startHousekeeping(deps, log, keptBy(config))
  if (lanes.size > 0) worker = startWorker(deps, log, { ...workOf(deps, log, selling, lanes), signal })
  stopOnSignal(stop, log, config.drain_ms + config.shutdown_ms_max, startedByNpm)
}

async function graphqlSettings(
  { documents }: NonNullable<Config['graphql']>,
  isProduction: boolean,
): Promise<GraphqlSettings> {
  return { explorer: !isProduction, ...(documents !== undefined && { documents: await readListed(documents) }) }
}
