import type { Insertable, Selectable, Updateable } from 'kysely'
import type { Db, Tx } from '../../db/database.ts'
import { firstKey } from '../../db/first-key.ts'
import type { UserTable } from '../../db/schema.ts'
import type { PageStart } from '../../lib/page.ts'

export type User = Omit<Selectable<UserTable>, 'password_hash' | 'email_key'>

/** Never the password's hash. */
const columns = ['id', 'name', 'email', 'role', 'created_at', 'updated_at'] as const

export async function findUser(db: Db, id: number): Promise<User | undefined> {
  return db.selectFrom('user').select(columns).where('id', '=', id).executeTakeFirst()
}

/** One row more than the page holds, if there is one. */
export async function listUsers(db: Db, start: PageStart, limit: number): Promise<User[]> {
  const after = await firstKey(db, 'user', start)
  if (after === undefined) return []
  return db
    .selectFrom('user')
    .select(columns)
    .where('id', '>', after)
    .orderBy('id')
    .limit(limit + 1)
    .execute()
}

export async function insertUser(tx: Tx, user: Insertable<UserTable>): Promise<number> {
  const { insertId } = await tx.insertInto('user').values(user).executeTakeFirstOrThrow()
  return Number(insertId)
}

/** False if there is no such user. */
export async function updateUser(tx: Tx, id: number, change: Updateable<UserTable>): Promise<boolean> {
  const { numUpdatedRows } = await tx.updateTable('user').set(change).where('id', '=', id).executeTakeFirst()
  return numUpdatedRows === 1n
}

/** False if there is no such user. The foreign keys keep one who is still needed. */
export async function deleteUser(tx: Tx, id: number): Promise<boolean> {
  const { numDeletedRows } = await tx.deleteFrom('user').where('id', '=', id).executeTakeFirst()
  return numDeletedRows === 1n
}
