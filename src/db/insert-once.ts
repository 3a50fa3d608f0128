import { MysqlAdapter, sql, type InsertQueryBuilder } from 'kysely'
import type { Tx } from './database.ts'
import type { Schema } from './schema.ts'

/**
 * The same insert, but a row that a unique index holds already is left as it is, and the transaction goes on. Not by
 * MySQL's INSERT IGNORE: it would also cut what is too long, and say nothing.
 */
export function leavingWhatIsThere<Table extends keyof Schema, Output>(
  tx: Tx,
  insert: InsertQueryBuilder<Schema, Table, Output>,
): InsertQueryBuilder<Schema, Table, Output> {
  return tx.getExecutor().adapter instanceof MysqlAdapter
    ? insert.onDuplicateKeyUpdate({ id: sql.ref('id') } as never)
    : insert.onConflict((conflict) => conflict.doNothing())
}
