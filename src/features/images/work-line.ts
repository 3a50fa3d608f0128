import { DomainError } from '../../lib/errors.ts'

/** Runs a piece of work when its turn comes. */
export type WorkLine = <Result>(work: () => Promise<Result>) => Promise<Result>

const retry_after_s = 5

/**
 * Lets so many run at once, and so many more wait, in the order of their coming.
 *
 * @throws DomainError `server_busy` for one more
 */
export function workLine({ running_max, waiting_max }: { running_max: number; waiting_max: number }): WorkLine {
  const waiting: (() => void)[] = []
  let running = 0
  return async (work) => {
    if (running >= running_max) {
      if (waiting.length >= waiting_max) throw new DomainError('server_busy', undefined, { retry_after_s })
      // Whoever ends hands its place on, so nobody who comes in between takes it.
      await new Promise<void>((resolve) => waiting.push(resolve))
    } else running++
    try {
      return await work()
    } finally {
      const next = waiting.shift()
      if (next) next()
      else running--
    }
  }
}
