import { StartupError } from './lib/errors.ts'

/** Where the data lives. */
export type DatabaseTarget =
  | { dialect: 'sqlite'; file: string }
  | { dialect: 'mysql'; host: string; port: number; user: string; password: string; database: string }

export type Config = Readonly<{
  port: number
  host: string
  database: DatabaseTarget
  database_pool_size: number
  log_level: string
  log_pretty: boolean
  shutdown_ms_max: number
}>

type Setting = { name: string; default: string; meaning: string }

/** Every setting there is; docs/configuration.md is generated from this table. */
export const settings: readonly Setting[] = [
  { name: 'PORT', default: '8080', meaning: 'TCP port to listen on; 0 picks a free one' },
  {
    name: 'HOST',
    default: 'localhost',
    meaning: 'Address to listen on; `0.0.0.0` for every interface. There are no accounts yet: open it with care',
  },
  {
    name: 'DATABASE_URL',
    default: '',
    meaning:
      '`mysql://user:password@host:3306/name` for MySQL 8+ or MariaDB 10.6+, or `sqlite:path/to/file.db`. ' +
      'Empty: the `DB_…` settings, or else the embedded database in `DATA_DIR`',
  },
  {
    name: 'DB_HOST',
    default: '127.0.0.1',
    meaning: 'MySQL host. If `DATABASE_URL` is empty, setting any of the five `DB_…` chooses MySQL',
  },
  { name: 'DB_PORT', default: '3306', meaning: 'MySQL port' },
  { name: 'DB_USER', default: 'root', meaning: 'MySQL user' },
  { name: 'DB_PASSWORD', default: '', meaning: 'MySQL password' },
  { name: 'DB_NAME', default: 'ticket_system', meaning: 'MySQL database; it must exist' },
  { name: 'DATA_DIR', default: './data', meaning: 'Folder of the embedded database; made if missing' },
  {
    name: 'DB_POOL_SIZE',
    default: '10',
    meaning: 'MySQL connections per server, 1 to 200; two more are opened for bookings and for the door',
  },
  { name: 'LOG_LEVEL', default: 'info', meaning: '`debug`, `info`, `warn`, `error` or `silent`' },
  {
    name: 'LOG_FORMAT',
    default: '',
    meaning: '`json` or `pretty`; empty: pretty on a terminal outside production, else JSON',
  },
  { name: 'NODE_ENV', default: 'development', meaning: '`production` logs JSON' },
  {
    name: 'SHUTDOWN_MS',
    default: '10000',
    meaning: 'Milliseconds that requests in flight may take after SIGTERM, 0 to 600000',
  },
]

type Env = Readonly<Record<string, string | undefined>>

/**
 * Reads the settings once.
 *
 * @throws StartupError with a sentence that names the setting that is wrong
 */
export function readConfig(env: Env, isTerminal: boolean): Config {
  const read = (name: string): string => {
    const setting = settings.find((setting) => setting.name === name)
    if (!setting) throw new Error(`${name} is missing from the table of settings`)
    return env[name]?.trim() || setting.default
  }
  const format = oneOf('LOG_FORMAT', read('LOG_FORMAT'), ['', 'json', 'pretty'])
  return Object.freeze({
    port: integer('PORT', read('PORT'), 0, 65_535),
    host: read('HOST'),
    database: databaseTarget(read, env),
    database_pool_size: integer('DB_POOL_SIZE', read('DB_POOL_SIZE'), 1, 200),
    log_level: oneOf('LOG_LEVEL', read('LOG_LEVEL'), ['debug', 'info', 'warn', 'error', 'silent']),
    log_pretty: format === 'pretty' || (format === '' && isTerminal && read('NODE_ENV') !== 'production'),
    shutdown_ms_max: integer('SHUTDOWN_MS', read('SHUTDOWN_MS'), 0, 600_000),
  })
}

function databaseTarget(read: (name: string) => string, env: Env): DatabaseTarget {
  const url = read('DATABASE_URL')
  if (url) return databaseTargetFromUrl(url)
  const choosesMysql = ['DB_HOST', 'DB_PORT', 'DB_USER', 'DB_PASSWORD', 'DB_NAME'].some((name) => env[name])
  if (!choosesMysql) return { dialect: 'sqlite', file: `${read('DATA_DIR')}/karcis.db` }
  return {
    dialect: 'mysql',
    host: read('DB_HOST'),
    port: integer('DB_PORT', read('DB_PORT'), 1, 65_535),
    user: read('DB_USER'),
    password: env['DB_PASSWORD'] ?? '',
    database: read('DB_NAME'),
  }
}

/** `mysql://…`, `mariadb://…` or `sqlite:…` → where the data lives. */
export function databaseTargetFromUrl(text: string): DatabaseTarget {
  if (text.startsWith('sqlite:')) {
    const file = text.slice('sqlite:'.length).replace(/^\/\/(?=\/|[^/])/, '')
    if (file) return { dialect: 'sqlite', file }
  }
  const url = URL.canParse(text) ? new URL(text) : undefined
  const database = url?.pathname.slice(1)
  if (!url || !['mysql:', 'mariadb:'].includes(url.protocol) || !url.hostname || !database) {
    throw new StartupError(
      'DATABASE_URL must look like mysql://user:password@host:3306/name or sqlite:path/to/file.db.',
    )
  }
  try {
    return {
      dialect: 'mysql',
      host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
      port: Number(url.port || 3306),
      user: decodeURIComponent(url.username || 'root'),
      password: decodeURIComponent(url.password),
      database: decodeURIComponent(database),
    }
  } catch {
    throw new StartupError('DATABASE_URL has a % that is no escape: write a literal % in a password as %25.')
  }
}

function integer(name: string, text: string, min: number, max: number): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || value < min || value > max) {
    throw new StartupError(`${name} must be a whole number from ${min} to ${max}, not "${text}".`)
  }
  return value
}

function oneOf(name: string, text: string, choices: readonly string[]): string {
  if (!choices.includes(text)) {
    throw new StartupError(`${name} must be one of ${choices.filter(Boolean).join(', ')}, not "${text}".`)
  }
  return text
}
