import pino, { type Logger } from 'pino'
import pretty from 'pino-pretty'
import type { Config } from './config.ts'
import { traceId } from './lib/tracing.ts'

const block_lines = 500
const block_ms = 50

/** JSON lines, or readable ones on a terminal. `log.flush()` before the process ends. */
export function createLogger({
  log_level,
  log_pretty,
  processes,
}: Pick<Config, 'log_level' | 'log_pretty' | 'processes'>): Logger {
  const options = {
    level: log_level,
    // With several processes, whose line it is.
    base: processes > 1 ? { pid: process.pid } : null,
    formatters: { level: (label: string) => ({ level: label }) },
    timestamp: pino.stdTimeFunctions.isoTime,
    mixin: traceOf,
  }
  if (log_pretty) return pino(options, pretty({ ignore: 'request_id', sync: true }))
  return pino(options, inBlocks(pino.destination({ dest: 1, sync: false })))
}

function traceOf(): { trace_id?: string } {
  const trace_id = traceId()
  return trace_id === undefined ? {} : { trace_id }
}

/**
 * Hands lines on in blocks, a few times a second. Handing on each by itself took a third of the time of a
 * small request.
 */
function inBlocks(destination: ReturnType<typeof pino.destination>) {
  let lines: string[] = []
  let timer: NodeJS.Timeout | undefined

  function handOn(): void {
    clearTimeout(timer)
    timer = undefined
    const block = lines.join('')
    lines = []
    if (block !== '') destination.write(block)
  }

  return {
    write(line: string): void {
      lines.push(line)
      if (lines.length >= block_lines) handOn()
      else timer ??= setTimeout(handOn, block_ms)
    },
    flush(done?: (error?: Error) => void): void {
      handOn()
      destination.flush(done)
    },
  }
}
