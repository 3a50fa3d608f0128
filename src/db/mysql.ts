import { Kysely, MysqlDialect, sql, type MysqlPool, type MysqlPoolConnection } from 'kysely'
import { createPool, type ConnectionOptions, type Pool, type PoolConnection } from 'mysql2'
import type { DatabaseTarget } from '../config.ts'
import { StartupError } from '../lib/errors.ts'
import { watch } from '../lib/metrics.ts'
import { changeSignal } from './changes.ts'
import type { Database } from './database.ts'
import { mysql } from './dialect.ts'
import { mysqlGroups } from './group/mysql-group.ts'
import { inTime } from './mysql-deadline.ts'
import { reuse_ms_max, sessionSettings } from './mysql-session.ts'
import type { Schema } from './schema.ts'
import { statementLog, watchGroups } from './statement-log.ts'

const statements_max = 200
const connect_ms_max = 5_000
const waiting_max = 2_000
const statement_ms_max = 30_000
/** To change a table of millions of rows takes as long as it takes; one that never ends is a server that has vanished. */
const migration_statement_ms_max = 12 * 60 * 60 * 1_000

/** Opens a pool of connections and checks that the server is one that Karcis knows. */
export async function openMysql(
  target: Extract<DatabaseTarget, { dialect: 'mysql' }>,
  poolSize: number,
): Promise<Database> {
  const options: ConnectionOptions = {
    host: target.host,
    port: target.port,
    user: target.user,
    password: target.password,
    database: target.database,
    connectTimeout: connect_ms_max,
    maxPreparedStatements: statements_max,
    charset: 'utf8mb4_bin',
    timezone: 'Z',
    dateStrings: true,
  }
  const pool = createPool({ ...options, connectionLimit: poolSize, maxIdle: poolSize, queueLimit: waiting_max })
  watchPool(pool)
  const lines: ReturnType<typeof mysqlGroups>[] = []
  const waits = waitGauge()
  const db = new Kysely<Schema>({
    dialect: new MysqlDialect({ pool: withBoundParameters(pool, waits, statement_ms_max) }),
    ...statementLog(mysql),
  })
  try {
    const version = await sql<{ version: string }>`select version() as version`.execute(db)
    assertSupported(version.rows[0]!.version)
  } catch (error) {
    await db.destroy()
    throw error
  }
  return {
    dialect: mysql,
    db,
    writer: db,
    openMigrator() {
      const one = createPool({ ...options, connectionLimit: 1 })
      const patient = withBoundParameters(one, waitGauge(), migration_statement_ms_max)
      return new Kysely({ dialect: new MysqlDialect({ pool: patient }), ...statementLog(mysql) })
    },
    openGroups() {
      const line = mysqlGroups(options)
      lines.push(line)
      return watchGroups(mysql, line.run)
    },
    wait_ms: waits.now_ms,
    changes: changeSignal(),
    async close() {
      for (const line of lines) await line.close()
      await db.destroy()
    },
  }
}

/** The driver has no names for outside for what it counts: these are its own. */
function watchPool(pool: Pool): void {
  const { _allConnections, _freeConnections, _connectionQueue } = pool as unknown as Record<string, { length: number }>
  const [all, idle, waiting] = [_allConnections, _freeConnections, _connectionQueue]
  watch('karcis_database_pool_connections', { state: 'busy' }, () => all && idle && all.length - idle.length)
  watch('karcis_database_pool_connections', { state: 'idle' }, () => idle?.length)
  watch('karcis_database_pool_waiting', {}, () => waiting?.length)
}

/** @throws StartupError for a server older than MySQL 8.0.16 or MariaDB 10.6, which have no CHECK or no SKIP LOCKED */
export function assertSupported(version: string): void {
  const isMariaDb = /mariadb/i.test(version)
  // Old MariaDB servers say "5.5.5-10.6.12-MariaDB", for clients that are older still.
  const [major = 0, minor = 0, patch = 0] = version
    .replace(/^5\.5\.5-/, '')
    .split(/[.-]/)
    .map(Number)
  const number = major * 1_000_000 + minor * 1_000 + patch
  if (number >= (isMariaDb ? 10_006_000 : 8_000_016)) return
  throw new StartupError(`The database server is ${version}; Karcis needs MySQL 8.0.16 or MariaDB 10.6, or later.`)
}

/** Kysely asks for `query`, which would paste parameters into the text; `execute` prepares and binds them. */
function withBoundParameters(pool: Pool, waits: WaitGauge, wait_ms_max: number): MysqlPool {
  const adapted = new WeakMap<PoolConnection, Adapted>()
  return {
    end: (callback) => pool.end(callback),
    getConnection(callback) {
      const since_ms = waits.begin()
      pool.getConnection((error, connection) => {
        waits.end(since_ms)
        if (error) return callback(error, undefined as never)
        const known = adapted.get(connection)
        if (known && known.idle_ms() > reuse_ms_max) {
          connection.destroy()
          return this.getConnection(callback)
        }
        if (known) return callback(null, known)
        setUp(connection, (error) => {
          if (error) {
            connection.destroy()
            return callback(error, undefined as never)
          }
          const fresh = adapt(connection, wait_ms_max)
          adapted.set(connection, fresh)
          callback(null, fresh)
        })
      })
    },
  }
}

type WaitGauge = ReturnType<typeof waitGauge>

/** How long it takes to get a connection: as long as for who got the last one, or longer if nobody has got any since. */
function waitGauge() {
  let waiting = 0
  let [last_ms, lastAt_ms] = [0, 0]
  return {
    begin: () => {
      waiting++
      return performance.now()
    },
    end(since_ms: number) {
      waiting--
      lastAt_ms = performance.now()
      last_ms = lastAt_ms - since_ms
    },
    now_ms: () => (waiting === 0 ? 0 : Math.max(last_ms, performance.now() - lastAt_ms)),
  }
}

function setUp(connection: PoolConnection, done: (error: unknown) => void, next = 0): void {
  const statement = sessionSettings[next]
  if (statement === undefined) return done(null)
  const send = (answered: (error: unknown) => void) => connection.query(statement, answered)
  inTime(connection, statement_ms_max, send, (error) => (error ? done(error) : setUp(connection, done, next + 1)))
}

type Adapted = MysqlPoolConnection & { idle_ms: () => number }

function adapt(connection: PoolConnection, wait_ms_max: number): Adapted {
  let releasedAt_ms = performance.now()
  const run = (
    text: string,
    parameters: (string | number | null)[],
    callback?: (error: unknown, result: never) => void,
  ) => {
    const done = (error: unknown, result: unknown) => {
      // A transaction that could not be rolled back must not be handed to the next borrower.
      if (error && text === 'rollback') connection.destroy()
      callback?.(error, result as never)
    }
    const send = (answered: (error: unknown, result: unknown) => void) => {
      if (parameters.length > 0) connection.execute(text, parameters, answered)
      else connection.query(text, answered)
    }
    inTime(connection, wait_ms_max, send, done)
    return { stream: () => raise('streaming is not used') }
  }
  return {
    config: connection.config,
    threadId: connection.threadId ?? 0,
    connect: (callback) => connection.connect(callback),
    destroy: () => connection.destroy(),
    release() {
      releasedAt_ms = performance.now()
      connection.release()
    },
    query: run,
    idle_ms: () => performance.now() - releasedAt_ms,
  }
}

function raise(message: string): never {
  throw new Error(message)
}
