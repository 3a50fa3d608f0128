import { inTransaction } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import type { Caller } from '../../lib/caller.ts'
import { DomainError } from '../../lib/errors.ts'
import { toTimestamp } from '../../lib/time.ts'
import type { Accounts } from './accounts.ts'
import { access_token_s } from './access-tokens.ts'
import { endSession, findRefreshToken, insertRefreshToken, replaceRefreshToken } from './accounts.sql.ts'
import { recordFor, type Tokens } from './sign-in.ts'
import { hashOf, newSecret, refresh_prefix } from './tokens.ts'

/**
 * Exchanges a refresh token for a new pair. Each is good for one exchange: one that comes a second time has been
 * copied, and nobody can tell by whom, so the whole session ends.
 *
 * @throws DomainError `invalid_refresh_token`
 */
export async function refreshSession(
  deps: Deps,
  accounts: Accounts,
  caller: Caller,
  refreshToken: string,
): Promise<Tokens> {
  const at = toTimestamp(deps.now())
  const refresh_token = newSecret(refresh_prefix)
  const outcome = await inTransaction(deps.database, async (tx) => {
    const found = await findRefreshToken(tx, hashOf(refreshToken))
    if (!found || found.ended_at || found.expires_at <= at || found.deleted_at) return undefined
    const { session_id, user_id, role } = found
    // Of two who come at once with one token, the second waits here for the first, and then finds it replaced.
    if (await replaceRefreshToken(tx, hashOf(refreshToken), at)) {
      await insertRefreshToken(tx, hashOf(refresh_token), session_id, at)
      return { session_id, user_id, isFirst: true }
    }
    if (await endSession(tx, session_id, at)) await recordFor(tx, caller, at, 'refresh_token_reused', user_id, role)
    return { session_id, user_id, isFirst: false }
  })
  if (outcome && !outcome.isFirst) accounts.identities.forget(outcome.user_id)
  if (!outcome?.isFirst) throw new DomainError('invalid_refresh_token')
  const access_token = await accounts.tokens.sign(outcome.user_id, outcome.session_id)
  return { access_token, refresh_token, expires_in: access_token_s }
}
