import { inTransaction, reading } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import type { Caller } from '../../lib/caller.ts'
import { DomainError } from '../../lib/errors.ts'
import { toTimestamp } from '../../lib/time.ts'
import { record } from '../audit/record.ts'
import { putMail } from '../mail/put-mail.ts'
import { assertPasswordFits } from '../users/password.ts'
import type { Accounts } from './accounts.ts'
import {
  deleteReset,
  deleteResetsOf,
  extendReset,
  findCredentials,
  findReset,
  insertReset,
  updatePassword,
} from './accounts.sql.ts'
import { endOtherSessions } from './end-access.ts'
import { derivedSecret, hashOf, reset_prefix } from './tokens.ts'

/** So long a link to choose a password holds; that of an invitation, to choose the first one. */
export const reset_ms = 30 * 60_000
export const invitation_ms = 7 * 24 * 60 * 60_000

/**
 * Has a link to choose a new password mailed, one a minute, if there is an account with this email. The caller is never told whether
 * there is, so this throws nothing for one that is unknown, and the work goes on after the answer.
 */
export async function forgotPassword(deps: Deps, caller: Caller, email: string): Promise<void> {
  const found = await reading(deps.database, (db) => findCredentials(db, email))
  if (!found) return
  const { id } = found
  const at = toTimestamp(deps.now())
  await inTransaction(deps.database, async (tx) => {
    // To the account, not as it was typed: letters of other alphabets fold to the same, and lead to another mailbox.
    const key = `user ${id} password ${at.slice(0, 16)}`
    await putMail(tx, { kind: 'password_reset', key, to: { user_id: id }, details: {}, at })
    await record(tx, caller, at, { action: 'password_reset_requested', entity: 'user', entity_id: id })
  })
  deps.wake()
}

/**
 * A token by which this account's password can be chosen, once. It replaces those before it, and is made when its mail is
 * sent. A mail that is sent again, since nobody knows whether it came, has the same one: of two that came, both are good.
 *
 * @param mail_id the mail that it stands in
 */
export async function issueReset(
  deps: Deps,
  caller: Caller,
  { user_id, mail_id, valid_ms }: { user_id: number; mail_id: number; valid_ms: number },
): Promise<string> {
  const token = derivedSecret(reset_prefix, await deps.signer.sign({ p: 'password', i: mail_id }))
  const token_hash = hashOf(token)
  const now = deps.now()
  const at = toTimestamp(now)
  const expires_at = toTimestamp(new Date(now.getTime() + valid_ms))
  await inTransaction(deps.database, async (tx) => {
    if (await extendReset(tx, token_hash, expires_at)) return
    await deleteResetsOf(tx, user_id)
    await insertReset(tx, { token_hash, user_id, created_at: at, expires_at })
    await record(tx, caller, at, { action: 'password_reset_issued', entity: 'user', entity_id: user_id })
  })
  return token
}

/**
 * Chooses a new password by a token that came by mail, and ends all sessions of the account.
 *
 * @throws DomainError `invalid_reset_token`, `password_too_long`
 */
export async function resetPassword(
  deps: Deps,
  accounts: Accounts,
  caller: Caller,
  { token, new_password }: { token: string; new_password: string },
): Promise<void> {
  assertPasswordFits(new_password)
  const at = toTimestamp(deps.now())
  const tokenHash = hashOf(token)
  // Looked at first, so that a guess costs no hashing.
  const found = await reading(deps.database, (db) => findReset(db, tokenHash, at))
  if (!found) throw new DomainError('invalid_reset_token')
  const { user_id, role } = found
  const password_hash = await deps.hashPassword(new_password)
  await inTransaction(deps.database, async (tx) => {
    // Of two who come with one token, the second finds it gone.
    if (!(await deleteReset(tx, tokenHash))) throw new DomainError('invalid_reset_token')
    await updatePassword(tx, user_id, password_hash, at)
    await endOtherSessions(tx, user_id, at, undefined)
    await record(tx, { ...caller, user_id, role }, at, { action: 'password_reset', entity: 'user', entity_id: user_id })
  })
  accounts.identities.forget(user_id)
}
