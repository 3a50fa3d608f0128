import { reading } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import { isSelf, type Caller } from '../../lib/caller.ts'
import { DomainError } from '../../lib/errors.ts'
import { findUser, type User } from './users.sql.ts'

/**
 * A user whom the caller may see.
 *
 * @throws DomainError `user_not_found`, also for one who is none of the caller's business
 */
export async function readUser({ database }: Deps, caller: Caller, id: number): Promise<User> {
  const user = isSelf(caller, id) && (await reading(database, (db) => findUser(db, id)))
  if (!user) throw new DomainError('user_not_found')
  return user
}

/**
 * Who is asking.
 *
 * @throws DomainError `not_signed_in`
 */
export async function readSelf({ database }: Deps, { user_id }: Caller): Promise<User> {
  const user = user_id === undefined ? undefined : await reading(database, (db) => findUser(db, user_id))
  if (!user) throw new DomainError('not_signed_in')
  return user
}
