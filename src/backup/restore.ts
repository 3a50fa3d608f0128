import { createReadStream } from 'node:fs'
import { cp } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { sql } from 'kysely'
import type { Config, DatabaseTarget } from '../config.ts'
import { openDatabase, type Database } from '../db/database.ts'
import { knowsMigration } from '../db/migrate.ts'
import { bytesText } from '../doctor/result.ts'
import { StartupError } from '../lib/errors.ts'
import { exchangeFile, notEmpty } from './exchange-file.ts'
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
