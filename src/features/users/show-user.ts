import { toRfc3339 } from '../../lib/time.ts'
import type { User } from './users.sql.ts'

/** A user as the API shows it. */
export function showUser(user: User) {
  return { ...user, created_at: toRfc3339(user.created_at), updated_at: toRfc3339(user.updated_at) }
}
