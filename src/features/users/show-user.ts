import { toRfc3339 } from '../../lib/time.ts'
import type { User } from './users.sql.ts'

/** A user as version 1 shows it. */
export function showUser(user: User) {
  return { ...user, created_at: toRfc3339(user.created_at), updated_at: toRfc3339(user.updated_at) }
}

/** The same in version 2. */
export function showUserV2(user: User) {
  return { ...showUser(user), email_confirmed: user.email_confirmed_at !== null }
}
