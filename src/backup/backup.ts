import { cp, mkdir, open, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { createReadStream, createWriteStream } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { PassThrough, type Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import type { Config } from '../config.ts'
import type { Database } from '../db/database.ts'
import { findMigrations, latest_migration } from '../db/migrate.ts'
import { bytesText } from '../doctor/result.ts'
import { StartupError } from '../lib/errors.ts'
import { backup_format, manifest_name, pictures_folder, type Manifest } from './manifest.ts'
import { dump } from './mysql-tools.ts'
import { measured, withProgress } from './streams.ts'

/**
 * Writes the database as it was at one moment, and the pictures that are kept beside it, into a new folder, while servers
 * go on. The folder gets its name when all of it is on the disk, so there is no half backup under that name.
 *
 * @throws StartupError if there is something of that name, or the tables are not those of this version
 */
export async function backUp(
  database: Database,
  config: Config,
  folder: string,
  print: (line: string) => void,
): Promise<Manifest> {
  const place = resolve(folder)
  if (await stat(place).catch(() => undefined)) throw new StartupError(`${place} is there already: name a new folder.`)
  const { missing, newer } = await findMigrations(database)
  if (missing.length + newer.length > 0) {
    throw new StartupError(
      'The tables are not those of this version of Karcis. Back up with the version that made them.',
    )
  }
  const part = `${place}.part`
  await mkdir(dirname(place), { recursive: true })
  await mkdir(part, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error
    throw new StartupError(`${part} is there already: a backup is under way, or was cut off. Then remove it.`)
  })
  try {
    const begun_at = new Date().toISOString()
    const file = await keepDatabase(database, config, part, print)
    // After the database: a picture is there before the row that names it.
    const pictures = config.s3 ? undefined : await keepPictures(config.data_dir, part)
    if (pictures === undefined) print('The pictures are in S3, and not in this backup.')
    else print(`Pictures: ${pictures}`)
    const manifest: Manifest = {
      format: backup_format,
      dialect: config.database.dialect,
      migration: latest_migration,
      begun_at,
      file,
      ...(pictures !== undefined && { pictures }),
    }
    await writeFile(join(part, manifest_name), `${JSON.stringify(manifest, null, 2)}\n`, { mode: 0o600, flush: true })
    await rename(part, place)
    await syncFolder(dirname(place))
    return manifest
  } catch (error) {
    await rm(part, { recursive: true, force: true })
    throw error
  }
}

async function keepDatabase(
  database: Database,
  { database: target }: Config,
  part: string,
  print: (line: string) => void,
): Promise<Manifest['file']> {
  if (target.dialect === 'mysql') {
    const dumped = new PassThrough()
    const write = async () => {
      await dump(database, target, dumped)
      dumped.end()
    }
    return keep('database.sql.gz', part, dumped, print, write())
  }
  const copy = join(part, 'copy.sqlite')
  copySqlite(target.file, copy)
  try {
    return await keep('database.sqlite.gz', part, createReadStream(copy), print)
  } finally {
    await rm(copy, { force: true })
  }
}

/** One statement, and so one moment; in this process, so nothing waits for it but whoever asked. */
function copySqlite(file: string, copy: string): void {
  const source = new DatabaseSync(file, { readOnly: true, timeout: 10_000 })
  try {
    source.prepare('vacuum into ?').run(copy)
  } finally {
    source.close()
  }
  assertWhole(copy)
}

/**
 * @throws StartupError if the file is damaged
 */
export function assertWhole(file: string): void {
  const copy = new DatabaseSync(file, { readOnly: true })
  try {
    const [first] = copy.prepare('pragma integrity_check').all() as { integrity_check: string }[]
    if (first?.integrity_check !== 'ok') throw new StartupError(`The copy is damaged: ${first?.integrity_check}.`)
  } finally {
    copy.close()
  }
}

async function keep(
  name: Manifest['file']['name'],
  part: string,
  source: Readable,
  print: (line: string) => void,
  filling: Promise<void> = Promise.resolve(),
): Promise<Manifest['file']> {
  const [plain, packed] = [measured(), measured()]
  // A program that fails leaves the stream open: its failure ends the rest.
  filling.catch((error: Error) => source.destroy(error))
  const target = createWriteStream(join(part, name), { mode: 0o600, flush: true })
  await withProgress('Database', plain.bytes, print, () =>
    pipeline(source, plain.stream, createGzip({ level: 6 }), packed.stream, target),
  )
  print(`Database: ${bytesText(plain.bytes())}, packed ${bytesText(packed.bytes())}`)
  return { name, bytes: packed.bytes(), sha256: packed.sha256() }
}

/** Their names say what is in them, and none is ever changed. */
async function keepPictures(data_dir: string, part: string): Promise<number> {
  const from = join(data_dir, pictures_folder)
  const to = join(part, pictures_folder)
  await mkdir(to, { mode: 0o700 })
  if (!(await stat(from).catch(() => undefined))) return 0
  // What a crash left half written has this ending.
  await cp(from, to, { recursive: true, filter: (path) => !path.endsWith('.part') })
  const entries = await readdir(to, { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).length
}

/** A new name is on the disk when its folder is. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
