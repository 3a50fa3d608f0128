import type { Config } from './config.ts'
import { migrate } from './db/migrate.ts'
import type { Deps } from './deps.ts'
import { openFeed } from './features/live/feed.ts'
import { keptBy, startHousekeeping } from './housekeeping.ts'
import { wakeSignal } from './lib/wake.ts'
import { createLogger } from './log.ts'
import { openObserving } from './observing.ts'
import { sellingBy } from './providers.ts'
import { stopOnSignal } from './stop-on-signal.ts'
import { workOf } from './work.ts'
import { startWorker } from './worker.ts'

/** Migrates, as a server does, and does what is due in all lanes until it is told to stop, without a port. */
export async function work(
  config: Config,
  openDeps: (config: Config, wake: () => void) => Promise<Deps>,
  startedByNpm: boolean,
): Promise<void> {
  const log = createLogger(config)
  const observing = await openObserving(config, log)
  const signal = wakeSignal()
  const deps = await openDeps(config, signal.wake)
  try {
    const applied = await migrate(deps.database)
    if (applied.length > 0) log.info({ applied }, 'migrated')
    await observing.start(deps)
  } catch (error) {
    await deps.database.close()
    throw error
  }
  // Nobody listens to it here; by it, others are told what changed.
  const feed = await openFeed(deps, { redis_url: config.redis_url, log })
  const selling = sellingBy(config, deps)
  startHousekeeping(deps, log, keptBy(config))
  const worker = startWorker(deps, log, { ...workOf(deps, log, selling), signal })
  log.info({ database: config.database.dialect }, 'working')
  const close = async () => {
    await worker.stop()
    await feed.close()
    deps.mailer.close()
    await observing.close()
    await deps.database.close()
  }
  stopOnSignal(close, log, config.shutdown_ms_max, startedByNpm)
}
