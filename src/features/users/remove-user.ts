import type { Tx } from '../../db/database.ts'
import { inTransaction } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import { isSelf, type Caller } from '../../lib/caller.ts'
import { DomainError } from '../../lib/errors.ts'
import { toTimestamp, type Timestamp } from '../../lib/time.ts'
import type { Accounts } from '../accounts/accounts.ts'
import { endAccess } from '../accounts/end-access.ts'
import { record } from '../audit/record.ts'
import type { Keep } from '../idempotency/idempotency.ts'
import { findUser, findUserLocked, hasBookings, hasEvents, isErased, updateUser, type User } from './users.sql.ts'

/**
 * Deletes an account that nothing hangs on: it is gone from every answer, its sessions and keys end, and its email is
 * free again. An admin can restore it until it is erased. A booking made at the same moment either finds no
 * customer, or keeps the customer: both want the user's row locked.
 *
 * @param assertMatches throws if this is not the version that the caller means to delete
 * @throws DomainError `user_not_found`, `user_has_bookings`, `organizer_has_events`
 */
export async function removeUser(
  deps: Deps,
  { identities }: Accounts,
  caller: Caller,
  id: number,
  assertMatches?: (user: User) => void,
): Promise<void> {
  if (!isSelf(caller, id)) throw new DomainError('user_not_found')
  const at = toTimestamp(deps.now())
  await inTransaction(deps.database, async (tx) => {
    const user = await findUserLocked(tx, deps.database.dialect, id)
    if (!user || user.deleted_at) throw new DomainError('user_not_found')
    assertMatches?.(user)
    if (await hasBookings(tx, id)) throw new DomainError('user_has_bookings')
    if (await hasEvents(tx, id)) throw new DomainError('organizer_has_events')
    await hideUser(tx, id, at)
    await record(tx, caller, at, { action: 'user_deleted', entity: 'user', entity_id: id })
  })
  identities.forget(id)
}

/** Takes a user out of every answer; what the caller has made sure of before stands in removeUser. */
export async function hideUser(tx: Tx, id: number, at: Timestamp): Promise<void> {
  await updateUser(tx, id, { deleted_at: at, email_key: `deleted ${id}` })
  await endAccess(tx, id, at)
}

/**
 * Brings a deleted account back, with its email if nobody has taken it meanwhile. Its sessions and keys stay ended.
 *
 * @throws DomainError `nothing_to_restore`, also if it was erased, `email_already_exists`
 */
export async function restoreUser(deps: Deps, caller: Caller, id: number, keep?: Keep<User>): Promise<User> {
  const at = toTimestamp(deps.now())
  return inTransaction(deps.database, async (tx) => {
    const user = await findUserLocked(tx, deps.database.dialect, id)
    const erased = user && (await isErased(tx, id))
    if (!user?.deleted_at || erased) throw new DomainError('nothing_to_restore')
    try {
      await updateUser(tx, id, { deleted_at: null, email_key: user.email.toLowerCase(), updated_at: at })
    } catch (error) {
      if (deps.database.dialect.meaningOf(error) === 'duplicate') throw new DomainError('email_already_exists')
      throw error
    }
    await record(tx, caller, at, { action: 'user_restored', entity: 'user', entity_id: id })
    const restored = (await findUser(tx, id))!
    await keep?.(tx, restored)
    return restored
  })
}
