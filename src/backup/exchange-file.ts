import { createReadStream, createWriteStream } from 'node:fs'
import { link, mkdir, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { createGunzip } from 'node:zlib'
import { StartupError } from '../lib/errors.ts'
import { assertWhole, syncFolder } from './backup.ts'
import { measured, withProgress } from './streams.ts'

/** What SQLite keeps beside a file, and would take for the new file's own. */
const companions = ['-wal', '-shm', '-journal']
/** Longer than anybody waits for the lock with the file open that is exchanged; see sqlite-connections.ts. */
const opened_before_ms = 1_000

/**
 * Puts a packed database in the place of SQLite's file, if it is empty, or with `replace` whatever it holds, even if that
 * can't be read. The old file is kept beside the new one. From the first look to the end it is locked, so that a server
 * that is started meanwhile waits, and then opens the new one: with the old one open, or its log under the new one's
 * name, what it sells would be lost and the file destroyed.
 *
 * @throws StartupError if the file is not empty, or in use
 */
export async function exchangeFile(
  file: string,
  packed: string,
  replace: boolean,
  print: (line: string) => void,
): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
  const before = `${file}.before-${new Date().toISOString().replaceAll(':', '-')}`
  const wasThere = await isThere(file)
  // A log whose file was moved away would be dropped by who opens an empty one; it may be all that is left of its bookings.
  if (!wasThere) await setAside(`${file}-wal`, `${before}-wal`, print)
  const lock = wasThere && !isReadable(file, replace) ? undefined : lockFile(file)
  const fresh = `${file}.restoring`
  try {
    await unpack(packed, fresh, print)
    if (wasThere) await keepOld(file, before, print)
    if (!lock) await setAside(`${file}-wal`, `${before}-wal`, print)
    // Windows renames nothing that is open.
    if (process.platform === 'win32') lock?.close()
    for (const end of companions) await rm(`${file}${end}`, { force: true })
    await rename(fresh, file)
    await syncFolder(dirname(file))
    if (lock?.isOpen) await sleep(opened_before_ms)
  } finally {
    await rm(fresh, { force: true })
    if (lock?.isOpen) lock.close()
  }
}

/**
 * Whether SQLite can read the file at all. Looked at without the right to write, which would fold the log into a file that
 * is damaged.
 *
 * @throws StartupError if there is something in it that is not to be replaced, be it damaged
 */
function isReadable(file: string, replace: boolean): boolean {
  const connection = new DatabaseSync(file, { timeout: 1_000, readOnly: true })
  try {
    const [tables] = connection.prepare(`select count(*) as count from sqlite_schema`).all() as { count: number }[]
    if (tables!.count > 0 && !replace) throw notEmpty(file)
    return true
  } catch (error) {
    if (!isBroken(error)) throw inUse(file, error)
    if (!replace) throw notEmpty(file)
    return false
  } finally {
    connection.close()
  }
}

/** @returns undefined if the file turns out to be damaged after all */
function lockFile(file: string): DatabaseSync | undefined {
  const connection = new DatabaseSync(file, { timeout: 1_000 })
  try {
    // Leaving WAL folds the log into the file, and works only for who is alone with it.
    connection.exec('pragma journal_mode = delete; begin exclusive')
    return connection
  } catch (error) {
    connection.close()
    if (isBroken(error)) return undefined
    throw inUse(file, error)
  }
}

const resultOf = (error: unknown) => ((error as { errcode?: number }).errcode ?? 0) & 255

/** Damaged (SQLITE_CORRUPT), or no database (SQLITE_NOTADB). */
const isBroken = (error: unknown) => [11, 26].includes(resultOf(error))

const inUse = (file: string, error: unknown) =>
  resultOf(error) === 5 ? new StartupError(`${file} is in use. Stop all servers and workers first.`) : error

async function unpack(packed: string, fresh: string, print: (line: string) => void): Promise<void> {
  await rm(fresh, { force: true })
  const plain = measured()
  const target = createWriteStream(fresh, { mode: 0o600, flush: true })
  await withProgress('Database', plain.bytes, print, () =>
    pipeline(createReadStream(packed), createGunzip(), plain.stream, target),
  )
  assertWhole(fresh)
}

/** A second name, so that there is a file under the first one at every moment; some file systems have no such thing. */
async function keepOld(file: string, before: string, print: (line: string) => void): Promise<void> {
  await link(file, before).catch(() => rename(file, before))
  print(`What was there is now ${before}.`)
}

async function setAside(file: string, before: string, print: (line: string) => void): Promise<void> {
  if (!(await isThere(file))) return
  await rename(file, before)
  print(`${file} was there, and is now ${before}.`)
}

const isThere = async (file: string) => (await stat(file).catch(() => undefined)) !== undefined

export const notEmpty = (name: string) =>
  new StartupError(`${name} is not empty. Name an empty database, or add --replace to lose what is in this one.`)
