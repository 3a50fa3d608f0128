import type { Logger } from 'pino'
import type { Deps } from '../../deps.ts'
import { reading } from '../../db/transaction.ts'
import { system } from '../../lib/caller.ts'
import { DomainError } from '../../lib/errors.ts'
import { registerUser } from './register-user.ts'
import { findUserByEmail } from './users.sql.ts'

/**
 * Makes the admin that the settings name, if there is no admin yet. The email may be taken already, by somebody who
 * is no admin: that is for the operator to settle, and told in the log.
 */
export async function makeFirstAdmin(
  deps: Deps,
  log: Logger,
  { email, password }: { email: string; password: string },
): Promise<void> {
  const known = await reading(deps.database, (db) =>
    db.selectFrom('user').select('id').where('role', '=', 'admin').where('deleted_at', 'is', null).executeTakeFirst(),
  )
  if (known) return
  try {
    await registerUser(deps, system, { name: 'Admin', email, password, role: 'admin' })
    log.info({ email }, 'made the first admin; ADMIN_PASSWORD can be taken out of the settings now')
  } catch (error) {
    if (!(error instanceof DomainError) || error.code !== 'email_already_exists') throw error
    const owner = await reading(deps.database, (db) => findUserByEmail(db, email))
    // Another server that started at the same moment was quicker.
    if (owner?.role === 'admin') return
    log.error({ email }, 'ADMIN_EMAIL belongs to an account that is no admin: no admin was made')
  }
}
