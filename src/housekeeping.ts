import type { Logger } from 'pino'
import type { Deps } from './deps.ts'
import { removeOldFences } from './features/bookings/commit-group.ts'
import { removeOldKeys } from './features/bookings/idempotency.ts'

const every_ms = 60_000

/**
 * Removes what has served its time, a bounded number of rows at each turn, so that it never holds up anyone.
 * Any number of servers may do it at once.
 */
export function startHousekeeping(deps: Deps, log: Logger): void {
  const turn = async () => {
    try {
      const removed =
        (await removeOldKeys(deps.database, deps.now())) + (await removeOldFences(deps.database, deps.now()))
      if (removed > 0) log.info({ removed }, 'removed old idempotency keys and fences')
    } catch (error) {
      log.warn({ err: error }, 'housekeeping failed, and will be tried again')
    }
  }
  // Ends with the process; a turn cut off is rolled back.
  setInterval(() => void turn(), every_ms).unref()
}
