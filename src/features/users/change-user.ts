import { inTransaction } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import { DomainError } from '../../lib/errors.ts'
import { toTimestamp } from '../../lib/time.ts'
import { assertPasswordFits } from './password.ts'
import type { UserChange } from './users.schema.ts'
import { findUser, updateUser, type User } from './users.sql.ts'

/**
 * Changes what is given and keeps the rest. The role never changes here.
 *
 * @throws DomainError `user_not_found`, `email_already_exists`, `password_too_long`
 */
export async function changeUser(deps: Deps, id: number, { name, email, password }: UserChange): Promise<User> {
  if (password !== undefined) assertPasswordFits(password)
  const change = {
    ...(name !== undefined && { name }),
    ...(email !== undefined && { email, email_key: email.toLowerCase() }),
    ...(password !== undefined && { password_hash: await deps.hashPassword(password) }),
    updated_at: toTimestamp(deps.now()),
  }
  return inTransaction(deps.database, async (tx) => {
    try {
      if (!(await updateUser(tx, id, change))) throw new DomainError('user_not_found')
      return (await findUser(tx, id))!
    } catch (error) {
      if (deps.database.dialect.meaningOf(error) === 'duplicate') throw new DomainError('email_already_exists')
      throw error
    }
  })
}
