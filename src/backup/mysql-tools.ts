import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { sql } from 'kysely'
import type { DatabaseTarget } from '../config.ts'
import type { Database } from '../db/database.ts'
import { StartupError } from '../lib/errors.ts'

type MysqlTarget = Extract<DatabaseTarget, { dialect: 'mysql' }>

const said_max = 2_000

/** The marker of a database that is whole: restored last, so that a restore that was cut off is never served. */
const last_table = 'migration'

const tools = {
  dump: { MariaDB: ['mariadb-dump', 'mysqldump'], MySQL: ['mysqldump', 'mariadb-dump'] },
  client: { MariaDB: ['mariadb', 'mysql'], MySQL: ['mysql', 'mariadb'] },
} as const

/**
 * Writes all tables as they were at one moment, as SQL, while servers go on.
 *
 * @throws StartupError if there is no such program, or it fails; with what it said
 */
export async function dump(database: Database, target: MysqlTarget, into: Writable): Promise<void> {
  await withOptions(target, async (options) => {
    const programs = tools.dump[await kindOf(database)]
    const common = [
      `--defaults-file=${options}`,
      '--single-transaction',
      '--quick',
      '--skip-add-locks',
      '--no-tablespaces',
      '--hex-blob',
      '--default-character-set=utf8mb4',
    ]
    await run(programs, [...common, `--ignore-table=${target.database}.${last_table}`, target.database], { out: into })
    await run(programs, [...common, target.database, last_table], { out: into })
  })
}

/**
 * Runs what `dump` wrote.
 *
 * @throws StartupError as dump does
 */
export async function load(database: Database, target: MysqlTarget, from: Readable): Promise<void> {
  const programs = tools.client[await kindOf(database)]
  await withOptions(target, (options) => {
    const args = [`--defaults-file=${options}`, '--default-character-set=utf8mb4', '--batch', target.database]
    return run(programs, args, { in: from })
  })
}

async function kindOf({ db }: Database): Promise<'MariaDB' | 'MySQL'> {
  const { rows } = await sql<{ version: string }>`select version() as version`.execute(db)
  return /mariadb/i.test(rows[0]!.version) ? 'MariaDB' : 'MySQL'
}

/** A password on a command line can be read by everyone on the machine. */
async function withOptions<T>(
  { host, port, user, password }: MysqlTarget,
  work: (file: string) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'karcis-options-'))
  const quoted = (text: string) => `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
  const lines = [
    '[client]',
    `host=${quoted(host)}`,
    `port=${port}`,
    'protocol=tcp',
    `user=${quoted(user)}`,
    `password=${quoted(password)}`,
    // Of MySQL's program alone; MariaDB's passes over them.
    '[mysqldump]',
    'loose-set-gtid-purged=OFF',
    'loose-column-statistics=0',
  ]
  try {
    const file = join(folder, 'options.cnf')
    await writeFile(file, `${lines.join('\n')}\n`, { mode: 0o600 })
    return await work(file)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function run(
  [program, ...others]: readonly string[],
  args: string[],
  streams: { in?: Readable; out?: Writable },
): Promise<void> {
  if (program === undefined) {
    throw new StartupError(
      'Neither mariadb-dump and mariadb nor mysqldump and mysql are on the PATH. Install the client programs of the ' +
        'database (Debian: apt install mariadb-client), or run this where they are.',
    )
  }
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] })
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-said_max)))
  const ended = new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve))
  try {
    // What broke off here is told by the program's end, in its own words.
    const fed = streams.in ? pipeline(streams.in, child.stdin).catch(() => {}) : void child.stdin.end()
    const written = streams.out ? pipeline(child.stdout, streams.out, { end: false }) : void child.stdout.resume()
    const [code] = await Promise.all([ended, fed, written])
    if (code !== 0) throw new StartupError(`${program} ended with ${code}: ${said.trim() || 'it said nothing'}`)
  } catch (error) {
    child.kill()
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    await run(others, args, streams)
  }
}
