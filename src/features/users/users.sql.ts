import type { Insertable, Selectable, Updateable } from 'kysely'
import type { Db, Tx } from '../../db/database.ts'
import type { Dialect } from '../../db/dialect.ts'
import { byId, type Listing } from '../../db/page-query.ts'
import type { UserTable } from '../../db/schema.ts'
import type { Role } from '../../lib/caller.ts'
import type { Timestamp } from '../../lib/time.ts'

export type User = Pick<
  Selectable<UserTable>,
  | 'id'
  | 'name'
  | 'email'
  | 'role'
  | 'language'
  | 'email_confirmed_at'
  | 'version'
  | 'deleted_at'
  | 'created_at'
  | 'updated_at'
>

/** Never the password's hash. */
const columns = [
  'id',
  'name',
  'email',
  'role',
  'language',
  'email_confirmed_at',
  'version',
  'deleted_at',
  'created_at',
  'updated_at',
] as const

export async function findUser(db: Db, id: number): Promise<User | undefined> {
  return db.selectFrom('user').select(columns).where('id', '=', id).where('deleted_at', 'is', null).executeTakeFirst()
}

/** The user, deleted or not, as it is until this transaction ends: nobody else changes it, or books for it. */
export async function findUserLocked(tx: Tx, dialect: Dialect, id: number): Promise<User | undefined> {
  return tx
    .selectFrom('user')
    .select(columns)
    .where('id', '=', id)
    .$if(dialect.locksRows, (query) => query.forUpdate())
    .executeTakeFirst()
}

export async function findUserByEmail(db: Db, email: string): Promise<User | undefined> {
  return db.selectFrom('user').select(columns).where('email_key', '=', email.toLowerCase()).executeTakeFirst()
}

export function listUsers(filter: { role?: Role } = {}): Listing<User> {
  return {
    name: `users ${filter.role ?? ''}`,
    order: byId('user'),
    select: (db) =>
      db
        .selectFrom('user')
        .select(columns)
        .where('deleted_at', 'is', null)
        .$if(filter.role !== undefined, (query) => query.where('role', '=', filter.role!)),
  }
}

export async function insertUser(tx: Tx, user: Insertable<UserTable>): Promise<number> {
  const { insertId } = await tx.insertInto('user').values(user).executeTakeFirstOrThrow()
  return Number(insertId)
}

/** Counts as a change of the version. */
export async function updateUser(tx: Tx, id: number, change: Updateable<UserTable>): Promise<void> {
  await tx
    .updateTable('user')
    .set(({ eb }) => ({ ...change, version: eb('version', '+', 1) }))
    .where('id', '=', id)
    .execute()
}

/** Whether somebody has booked as this user. To be asked when the user is locked. */
export async function hasBookings(tx: Tx, userId: number): Promise<boolean> {
  const row = await tx
    .selectFrom('booking')
    .select('id')
    .where('customer_id', '=', userId)
    .where('deleted_at', 'is', null)
    .limit(1)
    .executeTakeFirst()
  return row !== undefined
}

/** Whether this user has events. To be asked when the user is locked. */
export async function hasEvents(tx: Tx, userId: number): Promise<boolean> {
  const row = await tx
    .selectFrom('event')
    .select('id')
    .where('organizer_id', '=', userId)
    .where('deleted_at', 'is', null)
    .limit(1)
    .executeTakeFirst()
  return row !== undefined
}

/** Whether name and email are gone for good. To be asked when the user is locked. */
export async function isErased(tx: Tx, id: number): Promise<boolean> {
  const row = await tx.selectFrom('user').select('erased_at').where('id', '=', id).executeTakeFirst()
  return row?.erased_at != null
}

/** Users deleted before this moment whose data has not been erased yet. */
export async function listUsersToErase(db: Db, before: Timestamp, limit: number): Promise<number[]> {
  const rows = await db
    .selectFrom('user')
    .select('id')
    .where('deleted_at', '<', before)
    .where('erased_at', 'is', null)
    .orderBy('deleted_at')
    .limit(limit)
    .execute()
  return rows.map(({ id }) => id)
}
