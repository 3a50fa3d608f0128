import type { Selectable } from 'kysely'
import type { Db, Tx } from '../../db/database.ts'
import type { Dialect } from '../../db/dialect.ts'
import type { Schema } from '../../db/schema.ts'
import type { Timestamp } from '../../lib/time.ts'

/** What providers are asked about by and by. */
export type Checked = 'payment' | 'refund'

/** Rows whose provider is to be asked now; claimed by moving their time into the future. */
export async function claimChecks<Table extends Checked>(
  tx: Tx,
  dialect: Dialect,
  table: Table,
  { at, until, limit }: { at: Timestamp; until: Timestamp; limit: number },
): Promise<Selectable<Schema[Table]>[]> {
  const due = await tx
    .selectFrom<Checked>(table)
    .selectAll()
    .where('check_at', '<=', at)
    .orderBy('check_at')
    .limit(limit)
    .$if(dialect.locksRows, (query) => query.forUpdate().skipLocked())
    .execute()
  const ids = due.map(({ id }) => id)
  if (ids.length > 0) {
    await tx.updateTable<Checked>(table).set({ check_at: until }).where('id', 'in', ids).execute()
  }
  return due as Selectable<Schema[Table]>[]
}

/** When the next one is to be asked about. */
export async function findNextCheck(db: Db, table: Checked): Promise<Timestamp | undefined> {
  const row = await db
    .selectFrom(table)
    .select(({ fn }) => fn.min('check_at').as('next'))
    .executeTakeFirst()
  return row?.next ?? undefined
}
