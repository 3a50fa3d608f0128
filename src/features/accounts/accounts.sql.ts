import type { Insertable } from 'kysely'
import type { Db, Tx } from '../../db/database.ts'
import { readByIds } from '../../db/read-by-ids.ts'
import type { ApiKeyTable, SessionTable } from '../../db/schema.ts'
import type { Timestamp } from '../../lib/time.ts'

const staffed_events_max = 10_000

/** What signing in compares with. Deleted users have another email key. */
export async function findCredentials(db: Db, email: string) {
  return db
    .selectFrom('user')
    .select(['id', 'email', 'role', 'password_hash'])
    .where('email_key', '=', email.toLowerCase())
    .where('deleted_at', 'is', null)
    .executeTakeFirst()
}

export async function findPasswordHash(db: Db, userId: number): Promise<string | undefined> {
  const row = await db.selectFrom('user').select('password_hash').where('id', '=', userId).executeTakeFirst()
  return row?.password_hash
}

/** The sessions among these that are alive, each with the role that its user has now. */
export async function listLiveSessions(db: Db, ids: readonly string[], at: Timestamp) {
  return db
    .selectFrom('session')
    .innerJoin('user', 'user.id', 'session.user_id')
    .select(['session.id', 'session.user_id', 'user.role'])
    .where('session.id', 'in', ids)
    .where('session.ended_at', 'is', null)
    .where('session.expires_at', '>', at)
    .where('user.deleted_at', 'is', null)
    .execute()
}

/** The keys that are not revoked among those with these hashes, which are their ids here, each with its owner's role. */
export const listLiveKeys = readByIds((db, hashes: readonly string[]) =>
  db
    .selectFrom('api_key')
    .innerJoin('user', 'user.id', 'api_key.owner_id')
    .select(['api_key.key_hash as id', 'api_key.id as api_key_id', 'api_key.owner_id', 'api_key.scopes', 'user.role'])
    .where('api_key.key_hash', 'in', hashes)
    .where('api_key.revoked_at', 'is', null)
    .where('user.deleted_at', 'is', null),
)

export async function listEventsOfStaff(db: Db, userId: number): Promise<number[]> {
  const rows = await db
    .selectFrom('event_staff')
    .select('event_id')
    .where('user_id', '=', userId)
    .limit(staffed_events_max)
    .execute()
  return rows.map(({ event_id }) => event_id)
}

export async function insertSession(tx: Tx, session: Insertable<SessionTable>): Promise<void> {
  await tx.insertInto('session').values(session).execute()
}

export async function insertRefreshToken(tx: Tx, token_hash: string, session_id: string, at: Timestamp): Promise<void> {
  await tx.insertInto('refresh_token').values({ token_hash, session_id, created_at: at, replaced_at: null }).execute()
}

/** A refresh token with its session. */
export async function findRefreshToken(db: Db, tokenHash: string) {
  return db
    .selectFrom('refresh_token')
    .innerJoin('session', 'session.id', 'refresh_token.session_id')
    .innerJoin('user', 'user.id', 'session.user_id')
    .select([
      'session.id as session_id',
      'session.user_id',
      'session.ended_at',
      'session.expires_at',
      'refresh_token.replaced_at',
      'user.role',
      'user.deleted_at',
    ])
    .where('token_hash', '=', tokenHash)
    .executeTakeFirst()
}

/** False if it was replaced before: of two who come with one token, one gets true. */
export async function replaceRefreshToken(tx: Tx, tokenHash: string, at: Timestamp): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('refresh_token')
    .set({ replaced_at: at })
    .where('token_hash', '=', tokenHash)
    .where('replaced_at', 'is', null)
    .executeTakeFirst()
  return numUpdatedRows === 1n
}

/** False if it has ended already. */
export async function endSession(tx: Tx, id: string, at: Timestamp): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('session')
    .set({ ended_at: at })
    .where('id', '=', id)
    .where('ended_at', 'is', null)
    .executeTakeFirst()
  return numUpdatedRows === 1n
}

/** Ends every session of this user, or all but one. */
export async function endSessions(tx: Tx, userId: number, at: Timestamp, except?: string): Promise<void> {
  await tx
    .updateTable('session')
    .set({ ended_at: at })
    .where('user_id', '=', userId)
    .where('ended_at', 'is', null)
    .$if(except !== undefined, (query) => query.where('id', '<>', except!))
    .execute()
}

export async function revokeKeysOf(tx: Tx, ownerId: number, at: Timestamp): Promise<void> {
  await tx
    .updateTable('api_key')
    .set({ revoked_at: at })
    .where('owner_id', '=', ownerId)
    .where('revoked_at', 'is', null)
    .execute()
}

export async function updatePassword(tx: Tx, userId: number, password_hash: string, at: Timestamp): Promise<void> {
  await tx.updateTable('user').set({ password_hash, updated_at: at }).where('id', '=', userId).execute()
}

/** Counts as a change of the version: it is shown. */
export async function setEmailConfirmed(tx: Tx, userId: number, at: Timestamp): Promise<void> {
  await tx
    .updateTable('user')
    .set(({ eb }) => ({ email_confirmed_at: at, version: eb('version', '+', 1), updated_at: at }))
    .where('id', '=', userId)
    .execute()
}

export async function insertReset(
  tx: Tx,
  reset: { token_hash: string; user_id: number; created_at: Timestamp; expires_at: Timestamp },
): Promise<void> {
  await tx.insertInto('password_reset').values(reset).execute()
}

/** False if there is none. */
export async function extendReset(tx: Tx, tokenHash: string, expires_at: Timestamp): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('password_reset')
    .set({ expires_at })
    .where('token_hash', '=', tokenHash)
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

/** Whose token this is; undefined if there is none, or it is too old. */
export async function findReset(db: Db, tokenHash: string, at: Timestamp) {
  return db
    .selectFrom('password_reset')
    .innerJoin('user', 'user.id', 'password_reset.user_id')
    .select(['password_reset.user_id', 'user.role'])
    .where('token_hash', '=', tokenHash)
    .where('password_reset.expires_at', '>', at)
    .where('user.deleted_at', 'is', null)
    .executeTakeFirst()
}

/** False if somebody else has used it meanwhile. */
export async function deleteReset(tx: Tx, tokenHash: string): Promise<boolean> {
  const { numDeletedRows } = await tx
    .deleteFrom('password_reset')
    .where('token_hash', '=', tokenHash)
    .executeTakeFirst()
  return numDeletedRows === 1n
}

export async function deleteResetsOf(tx: Tx, userId: number): Promise<void> {
  await tx.deleteFrom('password_reset').where('user_id', '=', userId).execute()
}

/** A key as its owner sees it. */
export type ApiKey = {
  id: number
  owner_id: number
  name: string
  prefix: string
  scopes: string
  created_at: Timestamp
}

const keyColumns = ['id', 'owner_id', 'name', 'prefix', 'scopes', 'created_at'] as const

export async function insertApiKey(tx: Tx, key: Insertable<ApiKeyTable>): Promise<number> {
  const { insertId } = await tx.insertInto('api_key').values(key).executeTakeFirstOrThrow()
  return Number(insertId)
}

export async function findApiKey(db: Db, id: number): Promise<ApiKey | undefined> {
  return db
    .selectFrom('api_key')
    .select(keyColumns)
    .where('id', '=', id)
    .where('revoked_at', 'is', null)
    .executeTakeFirst()
}

/** Newest first; nobody has more than `keys_max` (create-api-key.ts). */
export async function listApiKeys(db: Db, ownerId: number): Promise<ApiKey[]> {
  return db
    .selectFrom('api_key')
    .select(keyColumns)
    .where('owner_id', '=', ownerId)
    .where('revoked_at', 'is', null)
    .orderBy('id')
    .execute()
}

/** False if it was revoked before. */
export async function revokeApiKey(tx: Tx, id: number, at: Timestamp): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('api_key')
    .set({ revoked_at: at })
    .where('id', '=', id)
    .where('revoked_at', 'is', null)
    .executeTakeFirst()
  return numUpdatedRows === 1n
}
