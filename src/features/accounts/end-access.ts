import type { Tx } from '../../db/database.ts'
import type { Timestamp } from '../../lib/time.ts'
import { deleteResetsOf, endSessions, revokeKeysOf } from './accounts.sql.ts'

/** Ends the other sessions of a user whose password was changed, and the links that were sent for choosing one. */
export async function endOtherSessions(tx: Tx, userId: number, at: Timestamp, kept: string | undefined): Promise<void> {
  await endSessions(tx, userId, at, kept)
  await deleteResetsOf(tx, userId)
}

/** Ends everything by which a user gets in. */
export async function endAccess(tx: Tx, userId: number, at: Timestamp): Promise<void> {
  await endOtherSessions(tx, userId, at, undefined)
  await revokeKeysOf(tx, userId, at)
}

/** Ends the links that were sent to an address which is the user's no more. */
export async function endResets(tx: Tx, userId: number): Promise<void> {
  await deleteResetsOf(tx, userId)
}
