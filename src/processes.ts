import cluster, { type Worker } from 'node:cluster'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Config } from './config.ts'
import { StartupError } from './lib/errors.ts'
import { createLogger } from './log.ts'
import { stopOnSignal } from './stop-on-signal.ts'

/** A start that takes longer has failed; migrations of a large database may take a while. */
const start_ms_max = 120_000
/** Whoever ends sooner than this has not really started. */
const settled_ms = 10_000
const early_ends_max = 5
const restart_ms = 250
/** Time for connections that are kept alive to be told that theirs ends. */
const drain_ms_min = 1_000
/** What a process has beyond the time that it may take to stop. */
const kill_ms = 2_000

/** Where a process is, or will be again. */
type Place = { worker: Worker | undefined; early_ends: number; isReplaced: boolean }

/**
 * Runs the same command in several processes behind one port, and serves nothing itself. One that ends is started anew;
 * SIGUSR2 restarts them one after the other, each new one listening before its old one is told to stop.
 *
 * @throws StartupError if one does not start; it has said why
 */
export async function runProcesses(config: Config, startedByNpm: boolean): Promise<void> {
  const log = createLogger(config)
  const drain_ms = Math.max(config.drain_ms, drain_ms_min)
  const stopping = new AbortController()
  const places = Array.from({ length: config.processes }, (): Place => {
    return { worker: undefined, early_ends: 0, isReplaced: false }
  })

  /** Starts one and waits until it listens. */
  async function start(place: Place): Promise<Worker> {
    const worker = cluster.fork({ DRAIN_MS: String(drain_ms) })
    const started_at = performance.now()
    worker.on('error', (error) => log.warn({ err: error }, 'a process could not be told something'))
    worker.once('exit', (code, signal) => onEnd(place, worker, performance.now() - started_at, { code, signal }))
    const listens = await new Promise<boolean>((resolve) => {
      worker.once('listening', () => resolve(true))
      worker.once('exit', () => resolve(false))
      setTimeout(() => resolve(false), start_ms_max).unref()
    })
    if (listens) return worker
    worker.process.kill('SIGKILL')
    throw new StartupError('A process of this server did not start.')
  }

  function onEnd(place: Place, worker: Worker, lived_ms: number, how: { code: number | null; signal: string }): void {
    if (place.worker !== worker || stopping.signal.aborted) return
    log.error({ ended: worker.process.pid, ...how }, 'a process has ended, and is started anew')
    place.worker = undefined
    place.early_ends = lived_ms < settled_ms ? place.early_ends + 1 : 0
    if (!place.isReplaced) void restart(place)
  }

  /** Tries until one stays, or too many in a row have not. */
  async function restart(place: Place): Promise<void> {
    while (!stopping.signal.aborted && !place.worker) {
      if (place.early_ends > early_ends_max) {
        log.fatal('a process ended again and again, right after its start')
        process.exitCode = 1
        process.kill(process.pid, 'SIGTERM')
        return
      }
      if (place.early_ends > 0) await sleep(restart_ms * 2 ** place.early_ends)
      try {
        place.worker = await start(place)
      } catch {
        place.early_ends++
      }
    }
  }

  async function restartAll(): Promise<void> {
    for (const place of places) {
      // One that is on its way already starts with what is new.
      if (!place.worker || stopping.signal.aborted) continue
      place.isReplaced = true
      try {
        const fresh = await start(place)
        const old = place.worker as Worker | undefined
        place.worker = fresh
        place.isReplaced = false
        if (old) await stop(old)
      } catch (error) {
        log.error({ err: error }, 'the new process does not start; the others stay as they are')
        place.isReplaced = false
        if (!place.worker) void restart(place)
        return
      }
    }
    log.info({ processes: pids(places) }, 'all processes are new')
  }

  /** Ends with an exit code of its own if a process has to be killed, or says that it failed. */
  async function stop(worker: Worker): Promise<void> {
    if (worker.isDead()) return
    const late = setTimeout(() => worker.process.kill('SIGKILL'), drain_ms + config.shutdown_ms_max + kill_ms)
    const isFine = await new Promise<boolean>((resolve) => {
      // A signal that comes before it is listened to ends a process that has done nothing yet.
      worker.once('exit', (code: number | null, signal) => resolve(code === 0 || signal === 'SIGTERM'))
      worker.process.kill('SIGTERM')
    })
    clearTimeout(late)
    if (!isFine && stopping.signal.aborted) process.exitCode = 1
  }

  const metrics = await openMetrics(config)
  const [first, ...rest] = places
  first!.worker = await start(first!)
  await Promise.all(rest.map(async (place) => (place.worker = await start(place))))
  log.info({ processes: pids(places) }, 'all processes listen')
  const metricsServer = await metrics?.start()
  if (metricsServer) log.info({ host: config.metrics_host, port: metricsServer.port }, 'metrics at /metrics')

  let restarting: Promise<void> | undefined
  process.on('SIGUSR2', () => {
    if (restarting) return log.warn('a restart is under way already')
    log.info('restarting all processes, one after the other')
    restarting = restartAll().finally(() => (restarting = undefined))
  })
  const stopAll = async () => {
    stopping.abort()
    await metricsServer?.close()
    await Promise.all(Object.values(cluster.workers ?? {}).map((worker) => stop(worker!)))
  }
  stopOnSignal(stopAll, log, drain_ms + config.shutdown_ms_max + 2 * kill_ms, startedByNpm)
}

/** Of all processes together; to be opened before the first of them starts. Undefined if nobody wants to know. */
async function openMetrics({ metrics_port, metrics_host }: Config) {
  if (metrics_port === undefined) return undefined
  const { openClusterMetrics } = await import('./metrics/prometheus.ts')
  const { startMetricsServer } = await import('./metrics/metrics-server.ts')
  const metrics = openClusterMetrics()
  return { start: () => startMetricsServer(metrics, metrics_port, metrics_host) }
}

const pids = (places: readonly Place[]) => places.map(({ worker }) => worker?.process.pid)
