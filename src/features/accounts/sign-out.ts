import { inTransaction } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import type { Caller, Role } from '../../lib/caller.ts'
import { toTimestamp } from '../../lib/time.ts'
import type { Accounts } from './accounts.ts'
import { endSession, endSessions, findRefreshToken } from './accounts.sql.ts'
import { recordFor } from './sign-in.ts'
import { hashOf } from './tokens.ts'

/**
 * Ends the session that the access token or the refresh token belongs to. A session that has ended already is no
 * error: whoever signs out wants it gone.
 */
export async function signOut(
  deps: Deps,
  accounts: Accounts,
  caller: Caller,
  refreshToken: string | undefined,
): Promise<void> {
  const at = toTimestamp(deps.now())
  const userId = await inTransaction(deps.database, async (tx) => {
    if (caller.session_id !== undefined) {
      if (await endSession(tx, caller.session_id, at)) {
        await recordFor(tx, caller, at, 'signed_out', caller.user_id!, caller.role as Role)
      }
      return caller.user_id
    }
    const found = refreshToken === undefined ? undefined : await findRefreshToken(tx, hashOf(refreshToken))
    if (!found) return undefined
    if (await endSession(tx, found.session_id, at)) {
      await recordFor(tx, caller, at, 'signed_out', found.user_id, found.role)
    }
    return found.user_id
  })
  if (userId !== undefined) accounts.identities.forget(userId)
}

/** Ends all sessions of the caller, on every device. */
export async function signOutEverywhere(deps: Deps, accounts: Accounts, caller: Caller): Promise<void> {
  const userId = caller.user_id
  if (userId === undefined) return
  const at = toTimestamp(deps.now())
  await inTransaction(deps.database, async (tx) => {
    await endSessions(tx, userId, at)
    await recordFor(tx, caller, at, 'signed_out_everywhere', userId, caller.role as Role)
  })
  accounts.identities.forget(userId)
}
