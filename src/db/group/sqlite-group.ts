import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Kysely } from 'kysely'
import type { Schema } from '../schema.ts'
import type { Group, GroupWrite, RunGroup } from './group.ts'

/** Groups on the embedded database: prepared statements, run row by row in one transaction, nothing awaited. */
export function sqliteGroups(connection: DatabaseSync, writer: Kysely<Schema>): RunGroup {
  const prepared = new Map<string, StatementSync>()
  const prepare = (sql: string): StatementSync => {
    let statement = prepared.get(sql)
    if (!statement) prepared.set(sql, (statement = connection.prepare(sql)))
    return statement
  }

  const write = (one: GroupWrite): void => {
    if (one.kind === 'insert') {
      const { table, columns, rows } = one
      const statement = prepare(
        `insert into ${table} (${columns.join(',')}) values (${columns.map(() => '?').join(',')})`,
      )
      for (const row of rows) statement.run(...row)
    } else if (one.kind === 'set') {
      const { table, values, ids } = one
      const assignments = Object.keys(values).map((column) => `${column} = ?`)
      const statement = prepare(`update ${table} set ${assignments.join(', ')} where id = ?`)
      for (const id of ids) statement.run(...Object.values(values), id)
    } else {
      const { table, column, amounts, at } = one
      const statement = prepare(`update ${table} set ${column} = ${column} - ?, updated_at = ? where id = ?`)
      for (const [id, amount] of amounts) statement.run(amount, at, id)
    }
  }

  return (work) =>
    // Takes the one writing connection from the query builder for as long as the group lasts.
    writer.connection().execute(async () => {
      connection.exec('begin immediate')
      let committed = false
      const group: Group = {
        read: async (reads) =>
          reads.map(({ select, by = 'id', ids }) => {
            const statement = prepare(`${select} where ${by} = ?`)
            return ids.flatMap((id) => statement.all(id) as Record<string, unknown>[])
          }),
        commit: async (writes) => {
          for (const one of writes) write(one)
          connection.exec('commit')
          committed = true
        },
      }
      try {
        return await work(group)
      } finally {
        // Some errors, a full disk among them, have rolled back already.
        if (!committed && connection.isTransaction) connection.exec('rollback')
      }
    })
}
