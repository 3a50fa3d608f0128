import { sql } from 'kysely'
import type { Config } from '../config.ts'
import type { Database } from '../db/database.ts'
import { findMigrations } from '../db/migrate.ts'
import { bytesText, good, warning, wrong, type Result } from './result.ts'

/** Of a server beside its pool: one for bookings, one for the door. */
const lines = 2
const packet_bytes_min = 16 * 1024 * 1024

/** Whether the tables are those of this version, and how the database server is set up. */
export async function examineDatabase(database: Database, { database_pool_size }: Config): Promise<Result[]> {
  const migrations = await examineMigrations(database)
  const server =
    database.dialect.name === 'sqlite'
      ? await examineSqlite(database)
      : await examineMysql(database, database_pool_size)
  return [migrations, ...server]
}

async function examineMigrations(database: Database): Promise<Result> {
  const { missing, newer } = await findMigrations(database)
  if (missing.length > 0) {
    return wrong(`the tables are older than this version: ${missing.join(', ')} to come`, 'Run npm run migrate first.')
  }
  if (newer.length > 0) {
    const advice = 'Run the version of Karcis that made these tables, or finish the update to it.'
    return warning(`the tables are newer than this version: ${newer.join(', ')}`, advice)
  }
  return good('the tables are those of this version')
}

async function examineSqlite({ writer }: Database): Promise<Result[]> {
  const { rows } = await sql<{ version: string }>`select sqlite_version() as version`.execute(writer)
  const mode = await sql<{ journal_mode: string }>`pragma journal_mode`.execute(writer)
  const { journal_mode } = mode.rows[0]!
  if (journal_mode === 'wal') return [good(`SQLite ${rows[0]!.version}`)]
  const advice = 'Put the file on a local disk: SQLite can keep no log beside it on most network folders.'
  return [warning(`SQLite ${rows[0]!.version}, in the mode ${journal_mode}: readers wait for whoever writes`, advice)]
}

async function examineMysql({ db }: Database, poolSize: number): Promise<Result[]> {
  const { rows } = await sql<{ Variable_name: string; Value: string }>`show variables where variable_name in
    ('version', 'version_comment', 'max_connections', 'max_allowed_packet', 'innodb_flush_log_at_trx_commit', 'sync_binlog',
     'log_bin', 'sql_mode', 'transaction_isolation', 'tx_isolation', 'innodb_buffer_pool_size')`.execute(db)
  const variables = new Map(rows.map(({ Variable_name, Value }) => [Variable_name.toLowerCase(), Value]))
  const read = (name: string) => variables.get(name) ?? ''
  const status = await sql<{ Value: string }>`show global status like 'Threads_connected'`.execute(db)
  const schema = await sql<{ charset: string }>`select default_character_set_name as charset
    from information_schema.schemata where schema_name = database()`.execute(db)
  return [
    good(
      `${read('version')} (${read('version_comment')}), a buffer pool of ${bytesText(Number(read('innodb_buffer_pool_size')))}`,
    ),
    connections(Number(read('max_connections')), Number(status.rows[0]?.Value ?? 0), poolSize),
    ...durability(read),
    charset(schema.rows[0]?.charset ?? ''),
    packets(Number(read('max_allowed_packet'))),
    session(read('transaction_isolation') || read('tx_isolation'), read('sql_mode')),
  ]
}

function connections(max: number, open: number, poolSize: number): Result {
  const needed = poolSize + lines
  const what = `${open} of ${max} connections are open, and each server uses up to ${needed}`
  const advice = 'Raise max_connections of the database, or lower DB_POOL_SIZE.'
  if (max < needed) return wrong(what, advice)
  return max - open < needed ? warning(`${what}: there is no room for another`, advice) : good(what)
}

/** What was answered with 201 should survive a power cut. */
function durability(read: (name: string) => string): Result[] {
  const results: Result[] = []
  const flush = read('innodb_flush_log_at_trx_commit')
  if (flush !== '1') {
    const what = `innodb_flush_log_at_trx_commit=${flush}: a power cut can lose the last second of bookings`
    results.push(warning(what, 'Set it to 1.'))
  }
  if (read('log_bin') === 'ON' && read('sync_binlog') !== '1') {
    const what = `sync_binlog=${read('sync_binlog')}: after a power cut, replicas and the binary log may lack bookings`
    results.push(warning(what, 'Set it to 1 where replicas or restoring to a moment go by the binary log.'))
  }
  return results.length > 0 ? results : [good('what is committed is on the disk')]
}

function charset(name: string): Result {
  if (name === 'utf8mb4') return good('character set utf8mb4')
  const advice = 'ALTER DATABASE … CHARACTER SET utf8mb4; tables that are there already have it by themselves.'
  return warning(`the character set of the database is ${name}`, advice)
}

function packets(bytes: number): Result {
  const what = `max_allowed_packet is ${bytesText(bytes)}`
  return bytes < packet_bytes_min
    ? warning(what, 'Set it to 16M or more: a group of bookings goes in one packet.')
    : good(what)
}

/** What each connection is set to by Karcis itself; a proxy between may undo it. */
function session(isolation: string, mode: string): Result {
  if (isolation === 'READ-COMMITTED' && mode.includes('STRICT_ALL_TABLES')) return good('READ COMMITTED, strict mode')
  const what = `a connection has the isolation ${isolation} and sql_mode=${mode}, not those that Karcis has set`
  return wrong(what, 'Connect to the database directly, or set its proxy so that sessions keep their settings.')
}
