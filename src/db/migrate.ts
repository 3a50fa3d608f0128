import { sql, type Kysely } from 'kysely'
import { DomainError, StartupError } from '../lib/errors.ts'
import { toTimestamp, type Timestamp } from '../lib/time.ts'
import type { Database, Db } from './database.ts'
import type { Dialect } from './dialect.ts'
import { createTables } from './migrations/0001-create-tables.ts'
import { groupCommit } from './migrations/0002-group-commit.ts'
import { accounts } from './migrations/0003-accounts.ts'
import { money } from './migrations/0004-money.ts'
import { ticketsInHand } from './migrations/0005-tickets-in-hand.ts'
import { runForReal } from './migrations/0006-run-for-real.ts'
import type { Schema } from './schema.ts'
import { inTransaction } from './transaction.ts'

/** In order of their numbers. What has been released is never edited; a change is a new migration. */
export const migrations: readonly { name: string; statements: (dialect: Dialect) => string[] }[] = [
  { name: '0001-create-tables', statements: createTables },
  { name: '0002-group-commit', statements: groupCommit },
  { name: '0003-accounts', statements: accounts },
  { name: '0004-money', statements: money },
  { name: '0005-tickets-in-hand', statements: ticketsInHand },
  { name: '0006-run-for-real', statements: runForReal },
]

const lock_wait_s_max = 60

/**
 * Brings the tables up to date and returns the names of the migrations that it ran.
 * Runs under a lock, so servers may start together: the others wait, and find nothing left to do.
 *
 * Own code rather than the query builder's migrator: that one decides what to run before it locks SQLite,
 * and takes one lock for all databases of a MySQL server.
 */
export async function migrate(database: Database): Promise<string[]> {
  // SQLite keeps a change of tables in the transaction, and `begin immediate` is the lock.
  if (!database.openMigrator) return migrateSqlite(database)

  // MySQL commits at every change of a table, so a named lock of this database stands around them all.
  const migrator = database.openMigrator()
  try {
    return await migrator.connection().execute(async (connection) => {
      const name = sql`concat('karcis migrate ', left(sha2(database(), 256), 32))`
      const answer = await sql<{
        taken: number | null
      }>`select get_lock(${name}, ${sql.lit(lock_wait_s_max)}) as taken`.execute(connection)
      if (answer.rows[0]?.taken !== 1) throw new Error(`another server has been migrating for ${lock_wait_s_max} s`)
      return runPending(connection, database.dialect)
    })
  } finally {
    // With it goes the lock, whatever has happened to the connection.
    await migrator.destroy()
  }
}

/** Whether the tables are those of this version or of a newer one, found out without touching them. */
export async function isUpToDate(database: Database): Promise<boolean> {
  return (await findMigrations(database)).missing.length === 0
}

/** The latest migration that this version knows. */
export const latest_migration = migrations.at(-1)!.name

/** Whether this version can go on from tables of which that was the latest migration. */
export const knowsMigration = (latest: string): boolean => migrations.some(({ name }) => name === latest)

/** The same as compareMigrations, where there may be no tables at all. */
export async function findMigrations({ db }: Database): Promise<{ missing: string[]; newer: string[] }> {
  const tables = await db.introspection.getTables()
  if (tables.some(({ name }) => name === 'migration')) return compareMigrations(db)
  return { missing: migrations.map(({ name }) => name), newer: [] }
}

/**
 * What the tables lack of this version, and what newer versions have made of them already: these only add
 * (docs/rules/rolling-updates.md), so this one goes on as before. Once the tables are there.
 */
export async function compareMigrations(db: Db): Promise<{ missing: string[]; newer: string[] }> {
  const { rows } = await sql<{ name: string }>`select name from migration`.execute(db)
  const applied = new Set(rows.map(({ name }) => name))
  const known = new Set(migrations.map(({ name }) => name))
  return {
    missing: [...known].filter((name) => !applied.has(name)),
    newer: [...applied].filter((name) => !known.has(name)),
  }
}

/** When its tables were first made, to the millisecond, which tells a database from others. */
export async function birthOf({ db }: Database): Promise<Timestamp> {
  const { rows } = await sql<{ born: Timestamp }>`select min(applied_at) as born from migration`.execute(db)
  return rows[0]!.born
}

/** A table that is made anew is missing for a moment, so foreign keys are looked at when all is done. */
async function migrateSqlite(database: Database): Promise<string[]> {
  const until = performance.now() + lock_wait_s_max * 1_000
  await sql`pragma foreign_keys = off`.execute(database.writer)
  try {
    for (;;) {
      try {
        return await inTransaction(database, async (tx) => {
          const names = await runPending(tx, database.dialect)
          if (names.length === 0) return names
          const { rows } = await sql`pragma foreign_key_check`.execute(tx)
          if (rows.length > 0) throw new Error(`a migration left ${rows.length} rows that refer to nothing`)
          return names
        })
      } catch (error) {
        if (!(error instanceof DomainError) || error.code !== 'server_busy') throw error
        if (performance.now() > until) {
          throw new StartupError(
            `Another process has held the database for ${lock_wait_s_max} s. See what it does first.`,
          )
        }
      }
    }
  } finally {
    await sql`pragma foreign_keys = on`.execute(database.writer)
  }
}

async function runPending(db: Kysely<Schema>, dialect: Dialect): Promise<string[]> {
  const { ascii, timestamp } = dialect.columns
  await sql
    .raw(
      `create table if not exists migration (name ${ascii('name', 100)} not null primary key, ` +
        `applied_at ${timestamp} not null) ${dialect.tableOptions}`,
    )
    .execute(db)
  const { rows } = await sql<{ name: string }>`select name from migration`.execute(db)
  const applied = new Set(rows.map(({ name }) => name))
  const pending = migrations.filter(({ name }) => !applied.has(name))
  for (const { name, statements } of pending) {
    for (const statement of statements(dialect)) await sql.raw(statement).execute(db)
    await sql`insert into migration (name, applied_at) values (${name}, ${toTimestamp(new Date())})`.execute(db)
  }
  return pending.map(({ name }) => name)
}
