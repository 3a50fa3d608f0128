import type { FastifyBaseLogger } from 'fastify'
import type { Bindings, ChildLoggerOptions } from 'pino'

type Line = [object: object, message?: string]

/**
 * The logger of one request, whose lines say which one it was. Few requests have anything to say beside their one line
 * (request-log.ts), so pino's own child is made for those alone: it costs more than finding the route does.
 */
export class RequestLogger implements FastifyBaseLogger {
  readonly #parent: FastifyBaseLogger
  readonly #bindings: Bindings
  #made: FastifyBaseLogger | undefined

  constructor(parent: FastifyBaseLogger, bindings: Bindings) {
    this.#parent = parent
    this.#bindings = bindings
  }

  get level() {
    return this.#parent.level
  }

  child(bindings: Bindings, options?: ChildLoggerOptions): FastifyBaseLogger {
    return this.#child().child(bindings, options)
  }

  fatal(...line: Line): void {
    this.#child().fatal(...line)
  }

  error(...line: Line): void {
    this.#child().error(...line)
  }

  warn(...line: Line): void {
    this.#child().warn(...line)
  }

  info(...line: Line): void {
    this.#child().info(...line)
  }

  debug(...line: Line): void {
    this.#child().debug(...line)
  }

  trace(...line: Line): void {
    this.#child().trace(...line)
  }

  silent(): void {}

  #child(): FastifyBaseLogger {
    return (this.#made ??= this.#parent.child(this.#bindings))
  }
}
