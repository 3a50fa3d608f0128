import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createConnection } from 'mysql2/promise'
import { databaseTargetFromUrl } from '../../src/config.ts'
import { openDatabase, type Database } from '../../src/db/database.ts'
import { migrate } from '../../src/db/migrate.ts'

/** `sqlite`, or the URL of a MySQL or MariaDB server; set by test/run.ts. */
const wanted = process.env['KARCIS_TEST_DATABASE'] ?? 'sqlite'

export const onSqlite = wanted === 'sqlite'

export type EmptyDatabase = { url: string; drop: () => Promise<void> }

/** A new, empty database of its own, on whichever kind this run is for. */
export async function createEmptyDatabase(): Promise<EmptyDatabase> {
  if (onSqlite) {
    const folder = mkdtempSync(join(tmpdir(), 'karcis-test-'))
    return {
      url: `sqlite:${folder}/karcis.db`,
      drop: async () => rmSync(folder, { recursive: true, force: true }),
    }
  }
  const name = `karcis_test_${process.pid}_${randomBytes(4).toString('hex')}`
  const url = new URL(wanted)
  await onServer(wanted, `create database ${name} character set utf8mb4`)
  url.pathname = `/${name}`
  return { url: url.href, drop: () => onServer(wanted, `drop database ${name}`) }
}

/** Runs one statement outside any database of the tests. */
async function onServer(url: string, statement: string): Promise<void> {
  const server = new URL(url)
  server.pathname = '/'
  const connection = await createConnection({ uri: server.href })
  await connection.query(statement)
  await connection.end()
}

/** A new database with its tables. */
export async function openTestDatabase(): Promise<{ database: Database; url: string; drop: () => Promise<void> }> {
  const { url, drop } = await createEmptyDatabase()
  const database = await openDatabase(databaseTargetFromUrl(url), 5)
  await migrate(database)
  return {
    database,
    url,
    drop: async () => {
      await database.close()
      await drop()
    },
  }
}
