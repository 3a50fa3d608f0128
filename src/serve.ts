import type { AddressInfo } from 'node:net'
import type { Logger } from 'pino'
import { buildApp, type App } from './app.ts'
import type { Config } from './config.ts'
import { migrate } from './db/migrate.ts'
import { whatToTry } from './demo.ts'
import type { Deps } from './deps.ts'
import { makeFirstAdmin } from './features/users/make-user.ts'
import type { RedisCounts } from './http/redis-counts.ts'
import { startHousekeeping } from './housekeeping.ts'
import { createLogger } from './log.ts'
import { seed } from './seed.ts'

const orphan_check_ms = 250

/**
 * Connections that wait to be accepted. With Node's 511, a crowd that comes at once has its packets dropped, and
 * waits seconds before it tries again.
 */
const backlog_max = 4_096

/** Migrates, listens, and stays until SIGTERM or SIGINT. */
export async function serve(
  config: Config,
  open: {
    deps: (config: Config, log: Logger) => Promise<Deps>
    counts: (config: Config, log: Logger) => Promise<RedisCounts | undefined>
  },
  { isDemo, startedByNpm }: { isDemo: boolean; startedByNpm: boolean },
): Promise<void> {
  const log = createLogger(config)
  const deps = await open.deps(config, log)
  const counts = await open.counts(config, log)
  let app: App | undefined
  const close = async () => {
    await app?.close()
    counts?.close()
    await deps.database.close()
  }
  try {
    const applied = await migrate(deps.database)
    if (applied.length > 0) log.info({ applied }, 'migrated')
    const { auth, sunsets, trusted_proxies, cors_origins, rate_limits } = config
    const settings = {
      auth,
      sunsets,
      trusted_proxies,
      cors_origins,
      rate_limits,
      ...(counts && { openCount: counts.open }),
      // Nobody has to be told of its payments yet.
      ...(config.sandbox_payments && { sandbox: { onChange: async () => {} } }),
    }
    if (config.admin) await makeFirstAdmin(deps, log, config.admin)
    if (auth === 'off') log.warn('AUTH=off: anyone on this machine may do anything; this is for classrooms alone')
    if (config.sandbox_payments) log.warn('SANDBOX_PAYMENTS=on: who has the link of a payment pays it without money')
    app = await buildApp(deps, log, settings)
    const demo = isDemo ? await seed(deps) : undefined
    await app.listen({ port: config.port, host: config.host, backlog: backlog_max })
    const { port } = app.server.address() as AddressInfo
    const url = `http://${config.host === '0.0.0.0' || config.host === '::' ? 'localhost' : config.host}:${port}`
    log.info({ url, docs: `${url}/docs`, database: config.database.dialect }, 'listening')
    if (demo) console.log(whatToTry(url, demo, auth))
  } catch (error) {
    await close()
    throw error
  }
  startHousekeeping(deps, log, config.purge_days)
  stopOnSignal(close, log, config.shutdown_ms_max, startedByNpm)
}

/** Accepts nothing new, finishes what is in flight, closes the database, exits 0. */
function stopOnSignal(close: () => Promise<void>, log: Logger, shutdown_ms_max: number, startedByNpm: boolean): void {
  let stopping = false
  const stop = async (signal: string) => {
    if (stopping) return
    stopping = true
    log.info({ signal }, 'stopping')
    const deadline = setTimeout(() => {
      log.error('requests were still in flight at the deadline')
      log.flush()
      process.exit(1)
    }, shutdown_ms_max)
    await close()
    clearTimeout(deadline)
    log.info('stopped')
    log.flush(() => process.exit(0))
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void stop(signal))
  if (startedByNpm) {
    // npm gives its signal to a shell, which ends without passing it on; its end is all that is seen of it here.
    const parent = process.ppid
    const watch = setInterval(() => {
      if (process.ppid !== parent) void stop('the end of npm')
    }, orphan_check_ms)
    watch.unref()
  }
}
