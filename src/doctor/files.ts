import { constants } from 'node:fs'
import { access, opendir, stat, statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { mailFolder, type Config } from '../config.ts'
import { bytesText, good, warning, wrong, type Result } from './result.ts'

const free_bytes_warned = 2e9
const free_bytes_wrong = 200e6
const log_bytes_warned = 500e6
/** Counted no further: a folder may hold millions. */
const mails_counted_max = 20_000

/** Room on the disks, and who may read and write what lies on them. */
export async function examineFiles(config: Config): Promise<Result[]> {
  const { data_dir, database, s3 } = config
  const results: Result[] = []
  const usesFolder = database.dialect === 'sqlite' || s3 === undefined || config.smtp_url === undefined
  if (usesFolder) results.push(await writable(data_dir), await roomIn(data_dir, 'DATA_DIR'))
  results.push(await roomIn(tmpdir(), 'the folder for temporary files'))
  if (database.dialect === 'sqlite') results.push(...(await databaseFile(database.file)))
  results.push(...(await readableByOthers('.env', 'the settings, with their secrets')))
  if (config.smtp_url === undefined) results.push(await mailFiles(mailFolder(config)))
  return results
}

async function writable(folder: string): Promise<Result> {
  try {
    await access(`${await existing(folder)}/.`, constants.W_OK | constants.X_OK)
    return good(`${folder} can be written to`)
  } catch {
    return wrong(
      `${folder} can't be written to`,
      'Give it to the user that Karcis runs as, or point DATA_DIR elsewhere.',
    )
  }
}

/** The folder, or the nearest above it that is there. */
async function existing(folder: string): Promise<string> {
  try {
    await stat(folder)
    return folder
  } catch (error) {
    const above = dirname(folder)
    if (above === folder || !['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code!)) throw error
    return existing(above)
  }
}

async function roomIn(folder: string, name: string): Promise<Result> {
  const { bavail, bsize, ffree, files } = await statfs(await existing(folder))
  const free = bavail * bsize
  const what = `${name} (${folder}): ${bytesText(free)} free`
  const advice = 'Make room on that disk, or move the folder to a larger one.'
  if (free < free_bytes_wrong) return wrong(what, advice)
  if (files > 0 && ffree / files < 0.02) return warning(`${what}, but hardly a file more can be made`, advice)
  return free < free_bytes_warned ? warning(what, advice) : good(what)
}

async function databaseFile(file: string): Promise<Result[]> {
  const sizes = await Promise.all([sizeOf(file), sizeOf(`${file}-wal`)])
  const [size, log] = sizes
  if (size === undefined) return []
  const what = `${file}: ${bytesText(size)}, its log ${bytesText(log ?? 0)}`
  const advice = 'A reader holds the log open: look for a command that hangs, then restart the server.'
  return [
    (log ?? 0) > log_bytes_warned ? warning(what, advice) : good(what),
    ...(await readableByOthers(file, 'the database')),
  ]
}

async function readableByOthers(file: string, what: string): Promise<Result[]> {
  // Windows has no such bits.
  if (process.platform === 'win32') return []
  const [own, folder] = await Promise.all([modeOf(file), modeOf(dirname(file))])
  // Who may not enter the folder reads nothing in it.
  if (own === undefined || (own & 0o044) === 0 || (folder !== undefined && (folder & 0o011) === 0)) return []
  return [warning(`${file} (${what}) can be read by other users of this machine`, `Close it: chmod 600 ${file}`)]
}

async function mailFiles(folder: string): Promise<Result> {
  const entries = await opendir(folder).catch(() => undefined)
  let [count, size] = [0, 0]
  for await (const entry of entries ?? []) {
    size += (await sizeOf(join(folder, entry.name))) ?? 0
    if (++count === mails_counted_max) break
  }
  const more = count === mails_counted_max ? 'at least ' : ''
  return good(`${more}${count} files of mails that were not sent, ${bytesText(size)}`)
}

const sizeOf = async (file: string) => (await stat(file).catch(() => undefined))?.size
const modeOf = async (file: string) => (await stat(file).catch(() => undefined))?.mode
