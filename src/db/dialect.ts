/** All in which the databases differ, but for how they are opened (sqlite.ts, mysql.ts). */
export type Dialect = Readonly<{
  name: 'sqlite' | 'mysql'
  columns: Columns
  /** Appended to CREATE TABLE. */
  tableOptions: string
  /** Whether a select may say FOR UPDATE. Where not, `begin immediate` has locked the whole database already. */
  locksRows: boolean
  /** Whether a query keeps the main thread from everything else for as long as it takes. */
  readsInThread: boolean
  /** What an error of the driver means. */
  meaningOf: (error: unknown) => DatabaseErrorMeaning
  /** Of a conflict, whether a row was waited for in vain: who tries again may wait for as long again. */
  isLockTimeout: (error: unknown) => boolean
}>

export type DatabaseErrorMeaning =
  /** A unique index refused the row. */
  | 'duplicate'
  /** A foreign key refused it: the row that it names is missing, or is still needed. */
  | 'foreign_key'
  /** Deadlock, lock time-out, busy: nothing was kept; the same transaction may go through if tried again. */
  | 'conflict'
  /** The server cannot be reached, or went away. */
  | 'unavailable'
  | 'other'

/** Column types for the migrations. */
export type Columns = Readonly<{
  /** A primary key that counts up. */
  id: string
  reference: string
  integer: string
  money: string
  flag: string
  timestamp: string
  text: (name: string, length_max: number) => string
  ascii: (name: string, length_max: number) => string
  /** Text of any length that the code allows; JSON that no query looks into. */
  json: string
}>

/** SQLite's own error numbers: https://www.sqlite.org/rescode.html */
const sqliteErrors = new Map<number, DatabaseErrorMeaning>([
  [1555, 'duplicate'], // SQLITE_CONSTRAINT_PRIMARYKEY
  [2067, 'duplicate'], // SQLITE_CONSTRAINT_UNIQUE
  [787, 'foreign_key'],
  [5, 'conflict'], // SQLITE_BUSY
  [6, 'conflict'], // SQLITE_LOCKED
  [261, 'conflict'], // SQLITE_BUSY_RECOVERY
  [517, 'conflict'], // SQLITE_BUSY_SNAPSHOT
  [15, 'conflict'], // SQLITE_PROTOCOL: too many others at the log's lock
  [8, 'unavailable'], // SQLITE_READONLY
  [10, 'unavailable'], // SQLITE_IOERR
  [13, 'unavailable'], // SQLITE_FULL
  [14, 'unavailable'], // SQLITE_CANTOPEN
])

export const sqlite: Dialect = {
  name: 'sqlite',
  columns: {
    id: 'integer primary key autoincrement',
    reference: 'integer',
    integer: 'integer',
    money: 'integer',
    flag: 'integer',
    timestamp: 'text',
    text: (name, length_max) => `text check (length(${name}) <= ${length_max})`,
    ascii: (name, length_max) => `text check (length(${name}) <= ${length_max})`,
    json: 'text',
  },
  tableOptions: 'strict',
  locksRows: false,
  readsInThread: true,
  meaningOf(error) {
    const code = property(error, 'errcode')
    if (typeof code !== 'number') return 'other'
    // The low byte is the general kind of an extended code.
    return sqliteErrors.get(code) ?? (code & 255 ? (sqliteErrors.get(code & 255) ?? 'other') : 'other')
  },
  // Nobody waits for a row, and for the whole database for half a second only.
  isLockTimeout: () => false,
}

/** https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html, and Node's own for the socket. */
const mysqlErrors = new Map<unknown, DatabaseErrorMeaning>([
  ['ER_DUP_ENTRY', 'duplicate'],
  ['ER_NO_REFERENCED_ROW_2', 'foreign_key'],
  ['ER_ROW_IS_REFERENCED_2', 'foreign_key'],
  ['ER_LOCK_DEADLOCK', 'conflict'],
  ['ER_LOCK_WAIT_TIMEOUT', 'conflict'],
  ['ER_CHECKREAD', 'conflict'],
  ['ER_CON_COUNT_ERROR', 'unavailable'],
  ['ER_TOO_MANY_USER_CONNECTIONS', 'unavailable'],
  ['ER_SERVER_SHUTDOWN', 'unavailable'],
  ['ER_NORMAL_SHUTDOWN', 'unavailable'],
  ['ER_QUERY_INTERRUPTED', 'unavailable'],
  // MySQL's last word to who was idle for too long; MariaDB just closes the connection.
  ['ER_CLIENT_INTERACTION_TIMEOUT', 'unavailable'],
  // Not known whether it was kept.
  ['ER_ERROR_DURING_COMMIT', 'unavailable'],
  // MariaDB's own, which the driver has no names for: a connection killed, a statement that took too long.
  [1927, 'unavailable'],
  [1969, 'unavailable'],
  ['PROTOCOL_CONNECTION_LOST', 'unavailable'],
  ['PROTOCOL_SEQUENCE_TIMEOUT', 'unavailable'],
  ['ECONNREFUSED', 'unavailable'],
  ['ECONNRESET', 'unavailable'],
  ['EPIPE', 'unavailable'],
  ['ETIMEDOUT', 'unavailable'],
  ['EHOSTUNREACH', 'unavailable'],
  ['ENETUNREACH', 'unavailable'],
  ['ENOTFOUND', 'unavailable'],
  ['EAI_AGAIN', 'unavailable'],
])

export const mysql: Dialect = {
  name: 'mysql',
  columns: {
    id: 'bigint not null auto_increment primary key',
    reference: 'bigint',
    integer: 'int',
    money: 'bigint',
    flag: 'tinyint',
    timestamp: 'datetime(3)',
    text: (_name, length_max) => `varchar(${length_max})`,
    ascii: (_name, length_max) => `varchar(${length_max}) character set ascii collate ascii_bin`,
    json: 'mediumtext',
  },
  tableOptions: 'engine = InnoDB default character set utf8mb4 collate utf8mb4_bin',
  locksRows: true,
  readsInThread: false,
  meaningOf(error) {
    const known = mysqlErrors.get(property(error, 'code')) ?? mysqlErrors.get(property(error, 'errno'))
    if (known) return known
    const message = String(property(error, 'message'))
    return /closed state|Queue limit reached|Pool is closed/i.test(message) ? 'unavailable' : 'other'
  },
  isLockTimeout: (error) => property(error, 'code') === 'ER_LOCK_WAIT_TIMEOUT',
}

function property(error: unknown, name: string): unknown {
  return typeof error === 'object' && error !== null ? (error as Record<string, unknown>)[name] : undefined
}
