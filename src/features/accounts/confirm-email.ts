import { createHash } from 'node:crypto'
import { inTransaction } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import { system, type Caller } from '../../lib/caller.ts'
import { DomainError } from '../../lib/errors.ts'
import { toTimestamp } from '../../lib/time.ts'
import { record } from '../audit/record.ts'
import { putMail } from '../mail/put-mail.ts'
import { readLink } from '../signatures/link-token.ts'
import { findUserLocked } from '../users/users.sql.ts'
import { setEmailConfirmed } from './accounts.sql.ts'

/** Tells an address from others in a link, without being one. */
export function addressHash(email: string): string {
  return createHash('sha256').update(email.toLowerCase()).digest('hex').slice(0, 16)
}

/**
 * Notes that whoever owns an account reads its address: by a token that was mailed there. Once more changes nothing.
 *
 * @throws DomainError `invalid_link`, also if the account has another address by now
 */
export async function confirmEmail(deps: Deps, token: string, caller: Caller = system): Promise<void> {
  const link = await readLink(deps.signer, token, 'email', deps.now())
  if (!link) throw new DomainError('invalid_link')
  const at = toTimestamp(deps.now())
  await inTransaction(deps.database, async (tx) => {
    const user = await findUserLocked(tx, deps.database.dialect, link.id)
    if (!user || user.deleted_at || link.of !== addressHash(user.email)) throw new DomainError('invalid_link')
    if (user.email_confirmed_at) return
    await setEmailConfirmed(tx, user.id, at)
    await record(tx, caller, at, { action: 'email_confirmed', entity: 'user', entity_id: user.id })
  })
}

/** Mails the link to confirm an address once more, unless that has been done or was asked for in this minute. */
export async function askToConfirm(deps: Deps, caller: Caller): Promise<void> {
  const id = caller.user_id
  if (id === undefined) throw new DomainError('not_signed_in')
  const at = toTimestamp(deps.now())
  await inTransaction(deps.database, async (tx) => {
    const user = await findUserLocked(tx, deps.database.dialect, id)
    if (!user || user.deleted_at || user.email_confirmed_at) return
    const key = `user ${id} confirm ${at.slice(0, 16)}`
    await putMail(tx, { kind: 'email_changed', key, to: { user_id: id }, details: {}, at })
  })
  deps.wake()
}
