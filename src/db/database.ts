import type { Kysely, Transaction } from 'kysely'
import type { DatabaseTarget } from '../config.ts'
import type { ChangeSignal } from './changes.ts'
import type { Dialect } from './dialect.ts'
import type { RunGroup } from './group/group.ts'
import { openMysql } from './mysql.ts'
import type { Schema } from './schema.ts'
import { openSqlite } from './sqlite.ts'

/** What reads take: the database, or a transaction. */
export type Db = Kysely<Schema>

/** What writes take: nothing is written outside a transaction (see transaction.ts). */
export type Tx = Transaction<Schema>

export type Database = Readonly<{
  dialect: Dialect
  /** For reads outside a transaction. On SQLite a connection of its own, which cannot write. */
  db: Db
  /** For transaction.ts and the migrations alone. */
  writer: Kysely<Schema>
  /** For the migrations alone, where the writer would break off what takes long: a connection that it is to close. */
  openMigrator?: () => Kysely<Schema>
  /** One transaction for many requests. Each call opens another line to the database, for groups that follow one another. */
  openGroups: () => RunGroup
  /** How long who asks for a connection has to wait for one just now; 0 where there is no pool. */
  wait_ms: () => number
  /** Of what this process has committed. */
  changes: ChangeSignal
  close(): Promise<void>
}>

/**
 * Opens the database and proves that it answers.
 *
 * @throws StartupError with a sentence for the operator if the server is too old;
 *   what the driver throws otherwise (startup-problems.ts explains it)
 */
export async function openDatabase(target: DatabaseTarget, poolSize: number): Promise<Database> {
  return target.dialect === 'sqlite' ? openSqlite(target.file) : openMysql(target, poolSize)
}
