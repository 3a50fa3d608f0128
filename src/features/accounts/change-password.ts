import { inTransaction, reading } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import { networkOf } from '../../lib/network.ts'
import type { Caller } from '../../lib/caller.ts'
import { DomainError } from '../../lib/errors.ts'
import { toTimestamp } from '../../lib/time.ts'
import { record } from '../audit/record.ts'
import { assertPasswordFits } from '../users/password.ts'
import type { Accounts } from './accounts.ts'
import { findPasswordHash, updatePassword } from './accounts.sql.ts'
import { endOtherSessions } from './end-access.ts'

/**
 * Changes the caller's password, and ends their other sessions.
 *
 * @throws DomainError `not_signed_in` where there are no accounts, `wrong_password`, `password_too_long`,
 *   `too_many_failures`
 */
export async function changePassword(
  deps: Deps,
  accounts: Accounts,
  caller: Caller,
  { current_password, new_password }: { current_password: string; new_password: string },
): Promise<void> {
  const userId = caller.user_id
  if (userId === undefined) throw new DomainError('not_signed_in')
  assertPasswordFits(new_password)
  // Whoever has got hold of a token must not find out the password by it.
  const [account, address] = [`user ${userId}`, networkOf(caller.address ?? undefined)]
  accounts.failures.attempt(account, address)
  const hash = await reading(deps.database, (db) => findPasswordHash(db, userId))
  if (!hash || !(await deps.verifyPassword(current_password, hash))) throw new DomainError('wrong_password')
  accounts.failures.clear(account, address)
  const password_hash = await deps.hashPassword(new_password)
  const at = toTimestamp(deps.now())
  await inTransaction(deps.database, async (tx) => {
    await updatePassword(tx, userId, password_hash, at)
    await endOtherSessions(tx, userId, at, caller.session_id)
    await record(tx, caller, at, { action: 'password_changed', entity: 'user', entity_id: userId })
  })
  accounts.identities.forget(userId)
}
