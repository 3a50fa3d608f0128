import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { createConnection, type RowDataPacket } from 'mysql2/promise'
import { migrate } from './servers.ts'

export type Row = Record<string, string | number | null>

/** Direct SQL, for what is in the tables before and after a case. No server runs on SQLite meanwhile. */
export type Sql = { all: (text: string) => Promise<Row[]>; close: () => Promise<void> }

export type BenchDatabase = { url: string; open: () => Promise<Sql>; drop: () => Promise<void> }

const existing = new Set<BenchDatabase>()
/** Waited for before the databases are dropped, so that an interruption leaves none behind. */
let making: Promise<unknown> = Promise.resolve()
let closing = false

/** A database of its own with Karcis's tables: a file, or one on the server of the URL. */
export async function createDatabase(serverUrl: string | undefined, purpose: string): Promise<BenchDatabase> {
  if (closing) throw new Error('the bench is stopping')
  const made = make(serverUrl, purpose)
  making = made.catch(() => {})
  return made
}

async function make(serverUrl: string | undefined, purpose: string): Promise<BenchDatabase> {
  const database = serverUrl === undefined ? onSqlite() : await onMysql(serverUrl, purpose)
  existing.add(database)
  await migrate(database.url)
  return database
}

export async function dropDatabase(database: BenchDatabase): Promise<void> {
  existing.delete(database)
  await database.drop()
}

export async function dropAll(): Promise<void> {
  closing = true
  await making
  await Promise.all([...existing].map(dropDatabase))
}

/** Name, version and what decides how durable a commit is. */
export async function describeServer(serverUrl: string | undefined): Promise<Row> {
  if (serverUrl === undefined) {
    const db = new DatabaseSync(':memory:')
    const row = db.prepare('select sqlite_version() as version').get() as Row
    db.close()
    return { name: 'SQLite', version: row['version']!, synchronous: 'full' }
  }
  const sql = await openMysql(serverUrl)
  try {
    const [row] = await sql.all(
      'select version() as version, @@innodb_flush_log_at_trx_commit as innodb_flush_log_at_trx_commit, ' +
        '@@log_bin as log_bin, @@sync_binlog as sync_binlog, @@innodb_buffer_pool_size as innodb_buffer_pool_size',
    )
    const name = /mariadb/i.test(String(row!['version'])) ? 'MariaDB' : 'MySQL'
    return { name: Number(row!['log_bin']) === 1 ? `${name} with a binary log` : name, ...row }
  } finally {
    await sql.close()
  }
}

function onSqlite(): BenchDatabase {
  const folder = mkdtempSync(join(tmpdir(), 'karcis-bench-'))
  const file = join(folder, 'karcis.db')
  return {
    url: `sqlite:${file}`,
    open: async () => {
      const db = new DatabaseSync(file)
      return { all: async (text) => db.prepare(text).all() as Row[], close: async () => db.close() }
    },
    drop: async () => rmSync(folder, { recursive: true, force: true }),
  }
}

async function onMysql(serverUrl: string, purpose: string): Promise<BenchDatabase> {
  const name = `karcis_bench_${process.pid}_${purpose}`
  await runOn(serverUrl, `drop database if exists ${name}`, `create database ${name} character set utf8mb4`)
  const url = new URL(serverUrl)
  url.pathname = `/${name}`
  return {
    url: url.href,
    open: async () => openMysql(url.href),
    drop: async () => runOn(serverUrl, `drop database if exists ${name}`),
  }
}

async function openMysql(url: string): Promise<Sql> {
  const connection = await createConnection({ uri: url, supportBigNumbers: true, dateStrings: true })
  return {
    all: async (text) => {
      const [rows] = await connection.query<RowDataPacket[]>(text)
      return Array.isArray(rows) ? rows : []
    },
    close: async () => connection.end(),
  }
}

async function runOn(serverUrl: string, ...statements: string[]): Promise<void> {
  const url = new URL(serverUrl)
  url.pathname = '/'
  const sql = await openMysql(url.href)
  for (const statement of statements) await sql.all(statement)
  await sql.close()
}
