import { reading } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import type { Caller } from '../../lib/caller.ts'
import { DomainError } from '../../lib/errors.ts'
import { networkOf } from '../../lib/network.ts'
import type { Accounts } from '../accounts/accounts.ts'
import { findPasswordHash } from '../accounts/accounts.sql.ts'

/**
 * Makes sure that a registration which comes again under its key comes with its password. That is in no fingerprint, which
 * is a quick hash, so it is held against the account's own; failures count as those of signing in, or it could be
 * guessed here.
 *
 * @throws DomainError `idempotency_key_reused`, `too_many_failures`
 */
export async function assertSamePassword(
  deps: Deps,
  { failures }: Accounts,
  { address }: Caller,
  userId: number,
  password: string,
): Promise<void> {
  const [account, network] = [`user ${userId}`, networkOf(address ?? undefined)]
  failures.attempt(account, network)
  const hash = await reading(deps.database, (db) => findPasswordHash(db, userId))
  if (!hash || !(await deps.verifyPassword(password, hash))) throw new DomainError('idempotency_key_reused')
  failures.clear(account, network)
}
