import type { Tx } from '../../db/database.ts'
import { inTransaction, reading } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import { isSelf, system, type Caller } from '../../lib/caller.ts'
import { DomainError } from '../../lib/errors.ts'
import { toTimestamp, type Timestamp } from '../../lib/time.ts'
import type { Accounts } from '../accounts/accounts.ts'
import { eraseFromHistory } from '../audit/erase.ts'
import { record } from '../audit/record.ts'
import { eraseHolders } from '../bookings/erase-holders.ts'
import { eraseTransfers } from '../transfers/erase-transfers.ts'
import { eraseAnswers } from '../idempotency/idempotency.ts'
import { eraseAddresses } from '../mail/erase-addresses.ts'
import { hideUser } from './remove-user.ts'
import { findUserLocked, hasEvents, isErased, listUsersToErase, updateUser } from './users.sql.ts'

const day_ms = 24 * 60 * 60 * 1_000
const erased_max = 50

/**
 * Erases a person, on their own request: name, email and password, the holders' names on the tickets that they
 * booked, the addresses that mails about these went to, and what the history holds of them. Bookings, seats and sums stay as they are; nothing brings it back.
 *
 * @throws DomainError `user_not_found`, also if it was erased, `organizer_has_events`: who still sells must be known by name
 */
export async function eraseUser(deps: Deps, { identities }: Accounts, caller: Caller, id: number): Promise<void> {
  if (!isSelf(caller, id)) throw new DomainError('user_not_found')
  const at = toTimestamp(deps.now())
  await inTransaction(deps.database, async (tx) => {
    const user = await findUserLocked(tx, deps.database.dialect, id)
    if (!user || (user.deleted_at && caller.user_id === id) || (await isErased(tx, id))) {
      throw new DomainError('user_not_found')
    }
    if (await hasEvents(tx, id)) throw new DomainError('organizer_has_events')
    await hideUser(tx, id, at)
    await erase(tx, deps, caller, id, at)
  })
  identities.forget(id)
}

/**
 * Erases those who were deleted longer than so many days ago, a bounded number of them; returns how many. Somebody
 * may restore one meanwhile, and another server may be at it, too: each is looked at again when it is locked.
 */
export async function eraseDeletedUsers(deps: Deps, purge_days: number): Promise<number> {
  const now = deps.now()
  const before = toTimestamp(new Date(now.getTime() - purge_days * day_ms))
  const ids = await reading(deps.database, (db) => listUsersToErase(db, before, erased_max))
  let erased = 0
  for (const id of ids) {
    const isDue = await inTransaction(deps.database, async (tx) => {
      const user = await findUserLocked(tx, deps.database.dialect, id)
      if (!user?.deleted_at || user.deleted_at >= before || (await isErased(tx, id))) return false
      await erase(tx, deps, system, id, toTimestamp(now))
      return true
    })
    if (isDue) erased++
  }
  return erased
}

async function erase(tx: Tx, { database }: Deps, caller: Caller, id: number, at: Timestamp): Promise<void> {
  await updateUser(tx, id, {
    name: 'Deleted user',
    email: `deleted-${id}@invalid`,
    password_hash: '',
    erased_at: at,
    updated_at: at,
  })
  await eraseHolders(tx, database.dialect, id)
  await eraseTransfers(tx, id, at)
  await eraseAnswers(tx, id)
  await eraseAddresses(tx, id)
  // Before the history is erased: who does it themselves leaves no address there, either.
  await record(tx, caller, at, { action: 'user_erased', entity: 'user', entity_id: id })
  await eraseFromHistory(tx, id)
}
