import { inTransaction } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import { DomainError } from '../../lib/errors.ts'
import { toTimestamp } from '../../lib/time.ts'
import { assertPasswordFits } from './password.ts'
import type { RegisterUser } from './users.schema.ts'
import { findUser, insertUser, type User } from './users.sql.ts'

/**
 * Makes an account. The unique index decides between two who register one email at once.
 *
 * @throws DomainError `email_already_exists`, `password_too_long`
 */
export async function registerUser(deps: Deps, { name, email, password, role }: RegisterUser): Promise<User> {
  assertPasswordFits(password)
  const password_hash = await deps.hashPassword(password)
  const at = toTimestamp(deps.now())
  return inTransaction(deps.database, async (tx) => {
    try {
      const user = { name, email, email_key: email.toLowerCase(), password_hash, role, created_at: at, updated_at: at }
      const id = await insertUser(tx, user)
      return (await findUser(tx, id))!
    } catch (error) {
      if (deps.database.dialect.meaningOf(error) === 'duplicate') throw new DomainError('email_already_exists')
      throw error
    }
  })
}
