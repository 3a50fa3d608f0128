import type { FastifyBaseLogger } from 'fastify'
import type { Bindings, ChildLoggerOptions } from 'pino'

type Line = [object: object, message?: string]

/**
 * A logger whose children are made when they have something to say. Fastify makes one for each request, and few have
 * anything to say beside their one line (request-log.ts): pino's own child costs more than finding the route does.
 */
export class LazyLogger implements FastifyBaseLogger {
  readonly #make: () => FastifyBaseLogger
  #made: FastifyBaseLogger | undefined

  constructor(make: () => FastifyBaseLogger) {
    this.#make = make
  }

  get level() {
    return this.#logger().level
  }

  child(bindings: Bindings, options?: ChildLoggerOptions): FastifyBaseLogger {
    return new LazyLogger(() => this.#logger().child(bindings, options))
  }

  fatal(...line: Line): void {
    this.#logger().fatal(...line)
  }

  error(...line: Line): void {
    this.#logger().error(...line)
  }

  warn(...line: Line): void {
    this.#logger().warn(...line)
  }

  info(...line: Line): void {
    this.#logger().info(...line)
  }

  debug(...line: Line): void {
    this.#logger().debug(...line)
  }

  trace(...line: Line): void {
    this.#logger().trace(...line)
  }

  silent(): void {}

  #logger(): FastifyBaseLogger {
    return (this.#made ??= this.#make())
  }
}
