import { createReadStream, createWriteStream } from 'node:fs'
import { cp, mkdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { sql } from 'kysely'
import type { Config, DatabaseTarget } from '../config.ts'
import { openDatabase, type Database } from '../db/database.ts'
import { knowsMigration } from '../db/migrate.ts'
import { bytesText } from '../doctor/result.ts'
import { StartupError } from '../lib/errors.ts'
import { assertWhole } from './backup.ts'
import { pictures_folder, readManifest, type Manifest } from './manifest.ts'
import { load } from './mysql-tools.ts'
import { measured, measureFile, withProgress } from './streams.ts'

type Print = (line: string) => void

/**
 * Puts a backup where the settings say that the database is, and its pictures beside it. All that can be known before is
 * looked at before anything is touched. SQLite's file is exchanged whole, and what was there is kept; on MySQL a restore
 * that breaks off leaves tables that no server starts on, and says so.
 *
 * @throws StartupError if the backup is broken, of another kind of database or of a later version; if the database is
 *   not empty and `replace` is not set, or is in use
 */
export async function restore(config: Config, folder: string, replace: boolean, print: Print): Promise<Manifest> {
  const place = resolve(folder)
  const manifest = await readManifest(place)
  const { database: target } = config
  if (manifest.dialect !== target.dialect) {
    throw new StartupError(`${place} is a backup of ${manifest.dialect}, and the settings name ${target.dialect}.`)
  }
  if (!knowsMigration(manifest.migration)) {
    throw new StartupError(
      `${place} is of a later version of Karcis (${manifest.migration}). Restore it with that one.`,
    )
  }
  const file = join(place, manifest.file.name)
  const found = await measureFile(file).catch(() => undefined)
  if (found?.sha256 !== manifest.file.sha256) {
    throw new StartupError(`${file} is not what was written there: it is damaged, or cut off. Take another backup.`)
  }
  print(`The backup of ${manifest.begun_at} is whole: ${bytesText(found.bytes)}.`)
  if (target.dialect === 'sqlite') await exchangeFile(target.file, file, replace, print)
  else await fillDatabase(target, file, replace, print)
  if (manifest.pictures) await putPictures(config, place, print)
  return manifest
}

async function exchangeFile(file: string, packed: string, replace: boolean, print: Print): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
  const isThere = (await stat(file).catch(() => undefined)) !== undefined
  if (isThere) assertReplaceable(file, replace)
  const fresh = `${file}.restoring`
  await rm(fresh, { force: true })
  try {
    const plain = measured()
    const target = createWriteStream(fresh, { mode: 0o600, flush: true })
    await withProgress('Database', plain.bytes, print, () =>
      pipeline(createReadStream(packed), createGunzip(), plain.stream, target),
    )
    assertWhole(fresh)
  } catch (error) {
    await rm(fresh, { force: true })
    throw error
  }
  if (isThere) {
    const before = `${file}.before-${new Date().toISOString().replaceAll(':', '-')}`
    await rename(file, before)
    print(`What was there is now ${before}.`)
  }
  await rename(fresh, file)
}

/** Leaving WAL folds the log into the file, and works only for who is alone with it. */
function assertReplaceable(file: string, replace: boolean): void {
  const connection = new DatabaseSync(file, { timeout: 1_000 })
  try {
    const [tables] = connection.prepare(`select count(*) as count from sqlite_schema`).all() as { count: number }[]
    if (tables!.count > 0 && !replace) throw notEmpty(file)
    connection.exec('pragma journal_mode = delete')
  } catch (error) {
    if (((error as { errcode?: number }).errcode ?? 0) % 256 !== 5) throw error
    throw new StartupError(`${file} is in use. Stop all servers and workers first.`)
  } finally {
    connection.close()
  }
}

const notEmpty = (name: string) =>
  new StartupError(`${name} is not empty. Name an empty database, or add --replace to lose what is in this one.`)

async function fillDatabase(
  target: Extract<DatabaseTarget, { dialect: 'mysql' }>,
  packed: string,
  replace: boolean,
  print: Print,
): Promise<void> {
  const database = await openDatabase(target, 1)
  try {
    const { rows } = await sql<{ name: string }>`select table_name as name from information_schema.tables
      where table_schema = database()`.execute(database.db)
    if (rows.length > 0 && !replace) throw notEmpty(target.database)
    await assertAlone(database)
    await dropTables(
      database,
      rows.map(({ name }) => name),
    )
    const plain = measured()
    await withProgress('Database', plain.bytes, print, async () => {
      const reading = pipeline(createReadStream(packed), createGunzip(), plain.stream)
      await Promise.all([load(database, target, plain.stream), reading])
    })
    print(`Database: ${bytesText(plain.bytes())}`)
  } catch (error) {
    if (error instanceof StartupError) throw error
    throw new StartupError(
      `The restore broke off, and ${target.database} is not whole: restore it again with --replace. ${String(error)}`,
    )
  } finally {
    await database.close()
  }
}

/** Other users' connections are seen by who has the right PROCESS alone; servers are of the same user. */
async function assertAlone({ db }: Database): Promise<void> {
  const { rows } = await sql<{ others: number }>`select count(*) as others from information_schema.processlist
    where db = database() and id <> connection_id()`.execute(db)
  const { others } = rows[0]!
  if (others > 0) throw new StartupError(`${others} connections use this database. Stop all servers and workers first.`)
}

/** The marker first: what is left of a restore that breaks off is no database of Karcis. */
async function dropTables({ writer }: Database, names: readonly string[]): Promise<void> {
  await writer.connection().execute(async (connection) => {
    await sql`set foreign_key_checks = 0`.execute(connection)
    for (const name of names.toSorted((a, b) => Number(b === 'migration') - Number(a === 'migration'))) {
      await sql`drop table ${sql.table(name)}`.execute(connection)
    }
    await sql`set foreign_key_checks = 1`.execute(connection)
  })
}

async function putPictures({ s3, data_dir }: Config, place: string, print: Print): Promise<void> {
  if (s3) return print('The pictures of this backup were not restored: the settings keep them in S3.')
  await cp(join(place, pictures_folder), join(data_dir, pictures_folder), { recursive: true })
}
