import cluster from 'node:cluster'
import type { Logger } from 'pino'
import type { Config } from './config.ts'
import type { Deps } from './deps.ts'
import type { MetricsOnToken } from './features/health/metrics.routes.ts'
import { recordTo } from './lib/metrics.ts'
import { traceBy } from './lib/tracing.ts'

/** How this process is watched from outside. */
export type Observing = Readonly<{
  /** For the server's own port, where there is a token. */
  onToken: MetricsOnToken | undefined
  /** Reads what the database knows, too, and opens the port for metrics, if there is one. */
  start: (deps: Deps) => Promise<void>
  /** Sends what is left of traces. */
  close: () => Promise<void>
}>

/** Before anything else is opened: what is not wanted when it opens costs nothing afterwards. Loads only what is wanted. */
export async function openObserving(config: Config, log: Logger): Promise<Observing> {
  const closeTracing = await startTracing(config, log)
  const { metrics_port: port, metrics_host: host, metrics_token: token } = config
  if (port === undefined && token === undefined) {
    return { onToken: undefined, start: async () => {}, close: closeTracing }
  }
  const { openMetrics, answerFirst } = await import('./metrics/prometheus.ts')
  const metrics = openMetrics()
  recordTo(metrics.recorder)
  let closeServer = async () => {}
  return {
    onToken: token === undefined ? undefined : { token, type: metrics.type, text: metrics.text },
    async start(deps) {
      const { watchDatabase } = await import('./metrics/database-gauges.ts')
      watchDatabase(deps)
      if (port === undefined) return
      // The first process has the port, and asks the others (processes.ts).
      if (cluster.isWorker) return answerFirst()
      const { startMetricsServer } = await import('./metrics/metrics-server.ts')
      const server = await startMetricsServer(metrics, port, host)
      closeServer = server.close
      log.info({ host, port: server.port }, 'metrics at /metrics')
    },
    async close() {
      await Promise.all([closeServer(), closeTracing()])
    },
  }
}

async function startTracing({ tracing }: Config, log: Logger): Promise<() => Promise<void>> {
  if (!tracing) return async () => {}
  const { openTracing } = await import('./tracing/open-tracing.ts')
  const { tracer, close } = openTracing(tracing)
  traceBy(tracer)
  log.info({ service: tracing.service_name, sampler: tracing.sampler }, 'traces are sent to a collector')
  return close
}
