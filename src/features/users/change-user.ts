import { inTransaction } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import { isSelf, seesAll, type Caller, type Role } from '../../lib/caller.ts'
import { DomainError } from '../../lib/errors.ts'
import type { Language } from '../../lib/language.ts'
import { toTimestamp } from '../../lib/time.ts'
import type { Accounts } from '../accounts/accounts.ts'
import { endOtherSessions, endResets } from '../accounts/end-access.ts'
import { difference, record } from '../audit/record.ts'
import { putMail } from '../mail/put-mail.ts'
import { assertPasswordFits } from './password.ts'
import { findUser, findUserLocked, hasBookings, hasEvents, updateUser, type User } from './users.sql.ts'

export type UserChange = {
  name?: string | undefined
  email?: string | undefined
  password?: string | undefined
  role?: Exclude<Role, 'admin'> | undefined
  language?: Language | undefined
}

/**
 * Changes what is given and keeps the rest. A new address is yet to be confirmed. A new password ends the user's other sessions; a new role counts at
 * once, and is refused to one whose bookings or events need the old one.
 *
 * @param assertMatches throws if this is not the version that the caller means to change
 * @throws DomainError `role_not_yours_to_change`, `user_not_found`, `email_already_exists`, `password_too_long`,
 *   `user_has_bookings`, `organizer_has_events`
 */
export async function changeUser(
  deps: Deps,
  { identities }: Accounts,
  caller: Caller,
  id: number,
  { name, email, password, role, language }: UserChange,
  assertMatches?: (user: User) => void,
): Promise<User> {
  if (!isSelf(caller, id)) throw new DomainError('user_not_found')
  if (role !== undefined && !seesAll(caller)) throw new DomainError('role_not_yours_to_change')
  if (password !== undefined) assertPasswordFits(password)
  const at = toTimestamp(deps.now())
  const change = {
    ...(name !== undefined && { name }),
    ...(email !== undefined && { email, email_key: email.toLowerCase() }),
    ...(password !== undefined && { password_hash: await deps.hashPassword(password) }),
    ...(role !== undefined && { role }),
    ...(language !== undefined && { language }),
    updated_at: at,
  }
  const changed = await inTransaction(deps.database, async (tx) => {
    const before = await findUserLocked(tx, deps.database.dialect, id)
    if (!before || before.deleted_at) throw new DomainError('user_not_found')
    assertMatches?.(before)
    if (role !== undefined && role !== before.role) {
      if (await hasBookings(tx, id)) throw new DomainError('user_has_bookings')
      if (await hasEvents(tx, id)) throw new DomainError('organizer_has_events')
    }
    const isNewAddress = email !== undefined && email !== before.email
    try {
      await updateUser(tx, id, { ...change, ...(isNewAddress && { email_confirmed_at: null }) })
    } catch (error) {
      if (deps.database.dialect.meaningOf(error) === 'duplicate') throw new DomainError('email_already_exists')
      throw error
    }
    if (password !== undefined) await endOtherSessions(tx, id, at, caller.session_id)
    if (email !== undefined) await endResets(tx, id)
    const after = (await findUser(tx, id))!
    if (isNewAddress) {
      const key = `user ${id} email ${after.version}`
      await putMail(tx, { kind: 'email_changed', key, to: { user_id: id }, details: {}, at })
    }
    const what = difference(before, after, ['name', 'email', 'role', 'language'])
    await record(tx, caller, at, {
      action: role !== undefined && role !== before.role ? 'role_changed' : 'user_changed',
      entity: 'user',
      entity_id: id,
      ...what,
      ...(password !== undefined && { became: { ...what.became, password: 'changed' } }),
    })
    return after
  })
  identities.forget(id)
  deps.wake()
  return changed
}
