import type { Tx } from '../../db/database.ts'
import { inTransaction } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import type { Caller, Role } from '../../lib/caller.ts'
import { DomainError } from '../../lib/errors.ts'
import { toTimestamp } from '../../lib/time.ts'
import type { Language } from '../../lib/language.ts'
import { record } from '../audit/record.ts'
import type { Keep } from '../idempotency/idempotency.ts'
import { putMail } from '../mail/put-mail.ts'
import { assertPasswordFits } from './password.ts'
import { findUser, insertUser, type User } from './users.sql.ts'

export type NewUser = {
  name: string
  email: string
  password: string
  role: Role
  /** In which who registers by themselves is welcomed. Left out for accounts that others make: these are not. */
  language?: Language | undefined
}

/**
 * Makes an account. The unique index decides between two who register one email at once.
 *
 * @throws DomainError `email_already_exists`, `password_too_long`
 */
export async function registerUser(
  deps: Deps,
  caller: Caller,
  { name, email, password, role, language }: NewUser,
  keep?: Keep<User>,
): Promise<User> {
  assertPasswordFits(password)
  const password_hash = await deps.hashPassword(password)
  const registered = await inTransaction(deps.database, async (tx) => {
    const user = await addUser(tx, deps, caller, { name, email, role, language, password_hash })
    if (language) {
      const { id, created_at: at } = user
      await putMail(tx, { kind: 'welcome', key: `user ${id} welcome`, to: { user_id: id }, details: {}, at })
    }
    await keep?.(tx, user)
    return user
  })
  deps.wake()
  return registered
}

/**
 * The same within a transaction, with a password that is hashed already.
 *
 * @throws DomainError `email_already_exists`
 */
export async function addUser(
  tx: Tx,
  deps: Deps,
  caller: Caller,
  { name, email, role, language = 'en', password_hash }: Omit<NewUser, 'password'> & { password_hash: string },
): Promise<User> {
  const at = toTimestamp(deps.now())
  try {
    const row = {
      name,
      email,
      email_key: email.toLowerCase(),
      password_hash,
      role,
      language,
      created_at: at,
      updated_at: at,
    }
    const id = await insertUser(tx, row)
    await record(tx, caller, at, {
      action: 'user_created',
      entity: 'user',
      entity_id: id,
      became: { name, email, role },
    })
    return (await findUser(tx, id))!
  } catch (error) {
    if (deps.database.dialect.meaningOf(error) === 'duplicate') throw new DomainError('email_already_exists')
    throw error
  }
}
