import { setTimeout as sleep } from 'node:timers/promises'
import type { Tx } from '../../db/database.ts'
import { inTransaction, reading } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import { networkOf } from '../../lib/network.ts'
import type { Caller, Role } from '../../lib/caller.ts'
import { DomainError } from '../../lib/errors.ts'
import { toTimestamp } from '../../lib/time.ts'
import { record } from '../audit/record.ts'
import { findUser, type User } from '../users/users.sql.ts'
import type { Accounts } from './accounts.ts'
import { access_token_s } from './access-tokens.ts'
import { findCredentials, findPasswordHash, insertRefreshToken, insertSession } from './accounts.sql.ts'
import { hashOf, newId, newSecret, refresh_prefix } from './tokens.ts'

export const session_s = 30 * 24 * 60 * 60

/** What a client keeps after signing in: the access token for 15 minutes, the refresh token until it is exchanged. */
export type Tokens = { access_token: string; refresh_token: string; expires_in: number }
export type SignedIn = Tokens & { user: User }

/** Of nobody's password: an unknown email takes as long as a wrong password. */
const decoy = '$2y$10$Tc09DBMaDtmMHyc3jdVqt.BxXpHDCLcLJl0gF9BBkTD7RppXnNK6G'

/**
 * Signs in with email and password, and begins a session.
 *
 * @throws DomainError `invalid_credentials`, the same for an unknown email and a wrong password, `too_many_failures`
 */
export async function signIn(
  deps: Deps,
  accounts: Accounts,
  caller: Caller,
  { email, password }: { email: string; password: string },
): Promise<SignedIn> {
  const { failures } = accounts
  const account = email.toLowerCase()
  const address = networkOf(caller.address ?? undefined)
  const delay_ms = failures.attempt(account, address)

  const found = await reading(deps.database, (db) => findCredentials(db, email))
  const isRight = await deps.verifyPassword(password, found?.password_hash ?? decoy)
  if (!found || !isRight) {
    const at = toTimestamp(deps.now())
    await inTransaction(deps.database, (tx) =>
      record(tx, caller, at, { action: 'sign_in_failed', entity: 'session', entity_id: found?.id ?? null }),
    )
    if (delay_ms > 0) await sleep(delay_ms)
    throw new DomainError('invalid_credentials')
  }
  failures.clear(account, address)
  return beginSession(deps, accounts, caller, found)
}

async function beginSession(
  deps: Deps,
  accounts: Accounts,
  caller: Caller,
  { id: user_id, role, password_hash }: { id: number; role: Role; password_hash: string },
): Promise<SignedIn> {
  const now = deps.now()
  const at = toTimestamp(now)
  const session_id = newId()
  const refresh_token = newSecret(refresh_prefix)
  const user = await inTransaction(deps.database, async (tx) => {
    const expires_at = toTimestamp(new Date(now.getTime() + session_s * 1_000))
    await insertSession(tx, { id: session_id, user_id, created_at: at, expires_at, ended_at: null })
    await insertRefreshToken(tx, hashOf(refresh_token), session_id, at)
    // Inserting has locked the user by its foreign key. The password was compared before that, and may have been
    // changed meanwhile, or the user deleted: then all other sessions have ended, and this one must not begin.
    const user = await findUser(tx, user_id)
    if (!user || (await findPasswordHash(tx, user_id)) !== password_hash) throw new DomainError('invalid_credentials')
    await recordFor(tx, caller, at, 'signed_in', user_id, role)
    return user
  })
  const access_token = await accounts.tokens.sign(user_id, session_id)
  return { access_token, refresh_token, expires_in: access_token_s, user }
}

/** Who signs in, out or anew does so as themselves, though the request came with no token. */
export function recordFor(tx: Tx, caller: Caller, at: string, action: string, user_id: number, role: Role) {
  return record(tx, { ...caller, user_id, role }, at, { action, entity: 'session', entity_id: user_id })
}
