import type { Logger } from 'pino'
import type { Deps } from './deps.ts'
import { removeOldFences } from './features/bookings/commit-group.ts'
import { removeOldSessions } from './features/accounts/old-sessions.ts'
import { rotateSigningKeys } from './features/accounts/signing-keys.ts'
import { removeOldKeys } from './features/idempotency/idempotency.ts'
import { eraseDeletedUsers } from './features/users/erase-user.ts'

const every_ms = 60_000

/**
 * Removes what has served its time, a bounded number of rows at each turn, so that it never holds up anyone.
 * Any number of servers may do it at once.
 */
export function startHousekeeping(deps: Deps, log: Logger, purge_days: number): void {
  const turn = async () => {
    try {
      const now = deps.now()
      const removed = {
        idempotency_keys: await removeOldKeys(deps.database, now),
        fences: await removeOldFences(deps.database, now),
        sessions: await removeOldSessions(deps.database, now),
        signing_keys: await rotateSigningKeys(deps.database, now),
        erased_users: await eraseDeletedUsers(deps, purge_days),
      }
      if (Object.values(removed).some((count) => count > 0)) log.info({ removed }, 'cleaned up')
    } catch (error) {
      log.warn({ err: error }, 'housekeeping failed, and will be tried again')
    }
  }
  // Ends with the process; a turn cut off is rolled back.
  setInterval(() => void turn(), every_ms).unref()
}
