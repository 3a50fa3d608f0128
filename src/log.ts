import pino, { type Logger } from 'pino'
import pretty from 'pino-pretty'
import type { Config } from './config.ts'

const buffer_bytes = 4_096
const flush_ms = 500

/** JSON lines, or readable ones on a terminal. Written in blocks, so that a line costs no system call of its own. */
export function createLogger({ log_level, log_pretty }: Pick<Config, 'log_level' | 'log_pretty'>): Logger {
  const options = {
    level: log_level,
    base: null,
    formatters: { level: (label: string) => ({ level: label }) },
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: ['password', '*.password', 'authorization', '*.authorization', 'cookie', '*.cookie'],
  }
  if (log_pretty) return pino(options, pretty({ ignore: 'request_id', sync: true }))
  const destination = pino.destination({ dest: 1, sync: false, minLength: buffer_bytes })
  const timer = setInterval(() => destination.flush(), flush_ms)
  timer.unref()
  return pino(options, destination)
}
