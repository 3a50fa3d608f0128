import { accessSync, constants, mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
import { Kysely, SqliteDialect, type SqliteDatabase, type SqliteStatement } from 'kysely'
import { changeSignal } from './changes.ts'
import type { Database } from './database.ts'
import { sqlite } from './dialect.ts'
import { sqliteGroups } from './group/sqlite-group.ts'
import type { Schema } from './schema.ts'
import { StartupError } from '../lib/errors.ts'
import { main_busy_ms_max, openReader, openWriter, watchFile } from './sqlite-connections.ts'
import { statementLog, watchGroups } from './statement-log.ts'

const statements_max = 200

/** How long opening waits for another process that is opening the same file, or putting it right after a crash. */
const open_ms_max = 10_000

/**
 * Opens the embedded database, making its folder and file if they are missing.
 *
 * @throws StartupError on a SQLite that can lose what was committed
 */
export async function openSqlite(file: string): Promise<Database> {
  assertSound(process.versions.sqlite ?? '')
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  const { writer, reader } = await openConnections(file)
  // A connection to a file that can't be written is one that reads, and says so at the first write only.
  accessSync(file, constants.W_OK)
  const assertSameFile = watchFile(file)
  const db = new Kysely<Schema>({
    dialect: new SqliteDialect({ database: asKyselyExpects(reader, 'begin', assertSameFile) }),
    ...statementLog(sqlite),
  })
  const writing = new Kysely<Schema>({
    dialect: new SqliteDialect({ database: asKyselyExpects(writer, 'begin immediate', assertSameFile) }),
    ...statementLog(sqlite),
  })
  const groups = sqliteGroups(file, writing, assertSameFile)
  return {
    dialect: sqlite,
    db,
    writer: writing,
    openGroups: () => watchGroups(sqlite, groups.run),
    wait_ms: () => 0,
    changes: changeSignal(),
    async close() {
      await groups.close()
      // Kysely closes only what it has used; the writer goes last, so that it can fold the log into the file.
      await db.destroy()
      await writing.destroy()
      for (const connection of [reader, writer]) if (connection.isOpen) connection.close()
    },
  }
}

/**
 * Where one connection folds the log while another one writes, as here, these can lose a commit:
 * https://sqlite.org/wal.html#walresetbug
 */
export function assertSound(version: string): void {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number)
  const fixed = ({ 44: 6, 50: 7, 51: 3 } as Record<number, number>)[minor] ?? Infinity
  if (major > 3 || minor > 51 || patch >= fixed) return
  throw new StartupError(
    `This Node brings SQLite ${version}, which can lose what was committed. Take the Node that npm ci brings along, or a later one.`,
  )
}

async function openConnections(file: string): Promise<{ writer: DatabaseSync; reader: DatabaseSync }> {
  const until = performance.now() + open_ms_max
  for (;;) {
    let writer: DatabaseSync | undefined
    try {
      writer = openWriter(file, main_busy_ms_max)
      return { writer, reader: openReader(file) }
    } catch (error) {
      writer?.close()
      // Changing to WAL does not wait by itself.
      if (sqlite.meaningOf(error) !== 'conflict' || performance.now() > until) throw error
      await sleep(Math.random() * 50)
    }
  }
}

/**
 * Gives Kysely's SQLite dialect the shape that it knows from better-sqlite3. Who writes begins at once: a plain `begin`
 * would take the write lock at the first write, too late to wait for it. Who can't write could not begin so.
 *
 * @param beginning what is looked at before a transaction begins
 */
function asKyselyExpects(
  connection: DatabaseSync,
  begin: 'begin' | 'begin immediate',
  beginning: () => void,
): SqliteDatabase {
  const prepared = new Map<string, SqliteStatement>()
  return {
    close: () => connection.close(),
    prepare(sql) {
      if (sql === 'rollback') return rollbackOf(connection)
      if (sql === 'begin') beginning()
      const text = sql === 'begin' ? begin : sql
      let statement = prepared.get(text)
      if (!statement) {
        if (prepared.size === statements_max) prepared.delete(prepared.keys().next().value!)
        statement = adapt(connection.prepare(text))
        prepared.set(text, statement)
      }
      return statement
    },
  }
}

/** Some errors, a full disk among them, have rolled back already: there is nothing to say to that, and no error in it. */
function rollbackOf(connection: DatabaseSync): SqliteStatement {
  return {
    reader: false,
    all: () => [],
    run() {
      if (connection.isTransaction) connection.exec('rollback')
      return { changes: 0, lastInsertRowid: 0 }
    },
    iterate: () => [][Symbol.iterator](),
  }
}

const values = (parameters: readonly unknown[]) => parameters as SQLInputValue[]

function adapt(statement: StatementSync): SqliteStatement {
  return {
    reader: statement.columns().length > 0,
    all: (parameters) => statement.all(...values(parameters)),
    run: (parameters) => statement.run(...values(parameters)),
    iterate: (parameters) => statement.iterate(...values(parameters)),
  }
}
