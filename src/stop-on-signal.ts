import type { Logger } from 'pino'

const orphan_check_ms = 250

/**
 * At SIGTERM or SIGINT, or when its terminal is closed (SIGHUP): closes, which accepts nothing new and finishes what is in
 * flight, and exits 0, or with the exit code that was set; with 1 if that takes too long.
 */
export function stopOnSignal(
  close: () => Promise<void>,
  log: Logger,
  shutdown_ms_max: number,
  startedByNpm: boolean,
): void {
  let stopping = false
  const stop = async (signal: string) => {
    if (stopping) return
    stopping = true
    log.info({ signal }, 'stopping')
    const deadline = setTimeout(() => {
      log.error('something was still in flight at the deadline')
      log.flush()
      process.exit(1)
    }, shutdown_ms_max)
    await close()
    clearTimeout(deadline)
    log.info('stopped')
    log.flush(() => process.exit())
  }
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => void stop(signal))
  if (startedByNpm) {
    // npm gives its signal to a shell, which ends without passing it on; its end is all that is seen of it here.
    const parent = process.ppid
    const watch = setInterval(() => {
      if (process.ppid !== parent) void stop('the end of npm')
    }, orphan_check_ms)
    watch.unref()
  }
}
