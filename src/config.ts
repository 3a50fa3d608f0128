import { isIP } from 'node:net'
import { join } from 'node:path'
import { StartupError } from './lib/errors.ts'

/** Where the data lives. */
export type DatabaseTarget =
  | { dialect: 'sqlite'; file: string }
  | { dialect: 'mysql'; host: string; port: number; user: string; password: string; database: string }

export type RouteClass = 'login' | 'booking' | 'door' | 'read' | 'write'

/** So many requests in so many seconds. */
export type RateLimit = Readonly<{ requests: number; window_s: number }>

/** For each class of routes, what one account may ask, and what all that come from one address may. */
export type RateLimits = Readonly<Record<RouteClass, Readonly<{ account: RateLimit; address: RateLimit }>>>

/** Since when a version of the API is deprecated, and until when it is there. */
export type Sunset = Readonly<{ deprecated: Date; sunset: Date | undefined }>
export type Sunsets = Readonly<{ v1?: Sunset | undefined; v2?: Sunset | undefined }>

export const serverRoles = ['api', 'live', 'worker', 'payments'] as const

/** What a server does, of all that there is to do (docs/decisions/0019-roles.md). */
export type ServerRole = (typeof serverRoles)[number]

const samplers = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const

/** Where traces go, and which of them. `ratio`: 0 to 1, for the samplers that draw. */
export type Tracing = Readonly<{
  endpoint: string
  service_name: string
  sampler: (typeof samplers)[number]
  ratio: number
}>

export type Config = Readonly<{
  port: number
  host: string
  database: DatabaseTarget
  database_pool_size: number
  log_level: string
  log_pretty: boolean
  shutdown_ms_max: number
  /** How long a server that stops still serves, while it says that it is not ready. */
  drain_ms: number
  is_production: boolean
  /** `off`: without accounts, as in a classroom; anyone may do anything. */
  auth: 'on' | 'off'
  roles: ReadonlySet<ServerRole>
  /** Of one server, on one port. */
  processes: number
  /** `off`: what is due is done by processes of their own. */
  worker: 'on' | 'off'
  /** Made when the server starts and there is no admin yet. */
  admin: { email: string; password: string } | undefined
  /** Whether payments can be made with no money, on a page of this server. */
  sandbox_payments: boolean
  sunsets: Sunsets
  /** `documents`: the file with those that may be run; undefined: all may. Undefined: there is no GraphQL. */
  graphql: { documents: string | undefined } | undefined
  /** Days after which what is deleted can't be restored any more. */
  purge_days: number
  /** Days after which it is forgotten who did what; 0: never. */
  audit_days: number
  /** Of what a booking is paid with, the platform's part: 250 are 2.5 %. */
  fee_basis_points: number
  /** Where people reach this server; undefined: where it listens. */
  public_url: string | undefined
  midtrans: { serverKey: string; isProduction: boolean } | undefined
  xendit: { secretKey: string; callbackToken: string } | undefined
  stripe: { secretKey: string; webhookSecret: string } | undefined
  trusted_proxies: readonly string[]
  cors_origins: readonly string[]
  /** Undefined: nothing is limited. */
  rate_limits: RateLimits | undefined
  /** Requests may wait so long before others are turned away; 0: nobody is. */
  shed_wait_ms: number
  /** How many may look on at live updates of this server. */
  live: Readonly<{ clients_max: number; clients_per_address_max: number }>
  /** Undefined: each server counts for itself, and sees what others change by asking the database. */
  redis_url: string | undefined
  /** Undefined: no port of their own. */
  metrics_port: number | undefined
  metrics_host: string
  /** Undefined: not on the server's own port. */
  metrics_token: string | undefined
  /** Undefined: nothing is traced. */
  tracing: Tracing | undefined
  /** The folder of the embedded database, of mails and of pictures. */
  data_dir: string
  /** Undefined: mails become files in `data_dir`. */
  smtp_url: string | undefined
  /** Whom mails come from: `Karcis <tickets@tickets.example>`. */
  mail_from: string
  /** Undefined: pictures are kept in `data_dir`. */
  s3: { endpoint: string; bucket: string; region: string; accessKeyId: string; secretAccessKey: string } | undefined
}>

/** Where mails become files if there is no SMTP server. */
export const mailFolder = ({ data_dir }: Pick<Config, 'data_dir'>): string => join(data_dir, 'mail')

type Setting = { name: string; default: string; meaning: string }

/** Every setting there is; docs/configuration.md is generated from this table. */
export const settings: readonly Setting[] = [
  { name: 'PORT', default: '8080', meaning: 'TCP port to listen on; 0 picks a free one' },
  {
    name: 'HOST',
    default: 'localhost',
    meaning: 'Address to listen on; `0.0.0.0` for every interface',
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
  {
    name: 'DATA_DIR',
    default: './data',
    meaning: 'Folder of the embedded database, of mails that are not sent and of pictures; made if missing',
  },
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
  {
    name: 'NODE_ENV',
    default: 'development',
    meaning: '`production` logs JSON, has no page `/dev/mail`, and insists on accounts',
  },
  {
    name: 'AUTH',
    default: 'on',
    meaning: '`off` runs without accounts, for a classroom: anyone may do anything, on this machine alone',
  },
  {
    name: 'ADMIN_EMAIL',
    default: '',
    meaning: 'With `ADMIN_PASSWORD`: an admin to make when the server starts and there is none',
  },
  { name: 'ADMIN_PASSWORD', default: '', meaning: 'At least 8 characters; take it out again when the admin is made' },
  {
    name: 'PUBLIC_URL',
    default: '',
    meaning: 'Where people reach this server, such as `https://tickets.example`; empty: where it listens',
  },
  {
    name: 'MIDTRANS_SERVER_KEY',
    default: '',
    meaning: 'Takes payments by Midtrans. Its notifications go to `/api/v2/webhooks/midtrans`',
  },
  { name: 'MIDTRANS_MODE', default: 'sandbox', meaning: '`sandbox` or `production`: which Midtrans the key is for' },
  {
    name: 'XENDIT_SECRET_KEY',
    default: '',
    meaning: 'Takes payments by Xendit, with `XENDIT_CALLBACK_TOKEN`. Its webhooks go to `/api/v2/webhooks/xendit`',
  },
  { name: 'XENDIT_CALLBACK_TOKEN', default: '', meaning: 'What Xendit sends with each webhook, from its dashboard' },
  {
    name: 'STRIPE_SECRET_KEY',
    default: '',
    meaning: 'Takes payments by Stripe, with `STRIPE_WEBHOOK_SECRET`. Its webhooks go to `/api/v2/webhooks/stripe`',
  },
  { name: 'STRIPE_WEBHOOK_SECRET', default: '', meaning: 'What Stripe signs its webhooks with, from its dashboard' },
  {
    name: 'SANDBOX_PAYMENTS',
    default: 'off',
    meaning:
      '`on` offers payments that are made on a page of this server, without money and without an account anywhere; ' +
      'never in production',
  },
  {
    name: 'V1_SUNSET',
    default: '',
    meaning:
      'Tells clients of version 1 that it is deprecated since a day, and gone on another: `2027-01-31/2027-12-31`; ' +
      'the second may be left out',
  },
  { name: 'V2_SUNSET', default: '', meaning: 'The same for version 2' },
  {
    name: 'GRAPHQL',
    default: 'on',
    meaning:
      '`off`: no `/graphql`. `listed`: it runs the documents of `GRAPHQL_DOCUMENTS` and no others. Outside production there ' +
      'is a page to try it on, `/graphql/explorer`',
  },
  {
    name: 'GRAPHQL_DOCUMENTS',
    default: '',
    meaning: 'With `GRAPHQL=listed`: a JSON file with an array of documents, or an object of them by their SHA-256',
  },
  {
    name: 'PURGE_DAYS',
    default: '30',
    meaning: 'Days until the personal data of a deleted user is erased for good, 1 to 3650',
  },
  {
    name: 'AUDIT_DAYS',
    default: '730',
    meaning: 'Days until it is forgotten who did what (`GET /audit-entries`), 0 to 36500; 0: never',
  },
  {
    name: 'PLATFORM_FEE_PERCENT',
    default: '0',
    meaning: 'What the platform keeps of each payment for a booking, in percent: 0 to 50, such as `2.5`',
  },
  {
    name: 'ROLES',
    default: serverRoles.join(','),
    meaning:
      'What this server does, or `--roles`: `api` (the API and its pages), `live` (live updates), `worker` (what is due: ' +
      'mails, reminders, holds, cleaning up), `payments` (webhooks, and what providers are asked)',
  },
  {
    name: 'PROCESSES',
    default: '1',
    meaning:
      'Processes that share the port, or `--processes`, 1 to 64: about one for each core. Each opens its own connections ' +
      'to the database and, without `REDIS_URL`, counts requests for itself',
  },
  {
    name: 'WORKER',
    default: 'on',
    meaning: '`off`: the server leaves what is due, such as its messages to others, to `npm run worker`',
  },
  {
    name: 'SHUTDOWN_MS',
    default: '10000',
    meaning: 'Milliseconds that what is in flight may take after SIGTERM, 0 to 600000',
  },
  {
    name: 'DRAIN_MS',
    default: '0',
    meaning:
      'Milliseconds after SIGTERM in which a server says at `/readyz` that it is not ready and still serves, so that ' +
      'whatever stands before it turns elsewhere; 0 to 600000, and `SHUTDOWN_MS` begins after them',
  },
  {
    name: 'TRUST_PROXY',
    default: '',
    meaning:
      'Addresses or networks (`10.0.0.0/8`) of proxies before this server, with commas between. Only from them ' +
      '`X-Forwarded-For`, `-Proto` and `-Host` are believed',
  },
  {
    name: 'CORS_ORIGINS',
    default: '',
    meaning: 'Origins whose pages may use the API (`https://tickets.example`), with commas between; empty: none',
  },
  {
    name: 'RATE_LIMIT',
    default: 'on',
    meaning: '`off` limits nothing. Who asks too much gets 429 with `Retry-After`',
  },
  {
    name: 'RATE_LIMIT_LOGIN',
    default: '60/60',
    meaning: 'Requests / seconds for logging in, registering and passwords, for an account and for an address',
  },
  { name: 'RATE_LIMIT_BOOKING', default: '30/60', meaning: 'The same for `POST /bookings`, for an account' },
  { name: 'RATE_LIMIT_DOOR', default: '600/60', meaning: 'The same for the use of tickets' },
  { name: 'RATE_LIMIT_READ', default: '600/60', meaning: 'The same for all reading' },
  { name: 'RATE_LIMIT_WRITE', default: '120/60', meaning: 'The same for all other changes' },
  {
    name: 'RATE_LIMIT_PEOPLE_PER_ADDRESS',
    default: '100',
    meaning: 'An address may ask so many times as much as an account (login excepted), 1 to 100000',
  },
  {
    name: 'SHED_WAIT_MS',
    default: '1000',
    meaning:
      'While requests wait longer than so many milliseconds for their turn or for a connection to the database, ' +
      'reading gets 503 with `Retry-After`; at three times as much all but doors and webhooks does. 0: nobody, up to 60000',
  },
  {
    name: 'LIVE_CLIENTS',
    default: '20000',
    meaning: 'Connections for live updates (`/live`) that one server takes, 0 to 1000000',
  },
  {
    name: 'LIVE_CLIENTS_PER_ADDRESS',
    default: '2000',
    meaning: 'And from one address, 1 to 1000000; behind a proxy, set `TRUST_PROXY`, or all come from one',
  },
  {
    name: 'REDIS_URL',
    default: '',
    meaning:
      '`redis://user:password@host:6379/0`, or `rediss://` for TLS: servers that share it count requests together, ' +
      'share event pages for a second, and tell each other at once what has changed. Empty, or while it is lost: each counts for itself and asks the database',
  },
  {
    name: 'METRICS_PORT',
    default: '',
    meaning:
      'Port for `GET /metrics` in the format of Prometheus ([series](metrics.md)); 0 picks a free one. Empty: none',
  },
  { name: 'METRICS_HOST', default: 'localhost', meaning: 'Address of that port; `0.0.0.0` for every interface' },
  {
    name: 'METRICS_TOKEN',
    default: '',
    meaning:
      'Serves `/metrics` on `PORT`, too, to whoever sends this as `Authorization: Bearer`; 16 characters at least',
  },
  {
    name: 'OTEL_EXPORTER_OTLP_ENDPOINT',
    default: '',
    meaning: 'Sends traces to a collector of OpenTelemetry, such as `http://127.0.0.1:4318`. Empty: nothing is traced',
  },
  { name: 'OTEL_SERVICE_NAME', default: 'karcis', meaning: 'What this server is called in traces' },
  {
    name: 'OTEL_TRACES_SAMPLER',
    default: 'parentbased_always_on',
    meaning:
      'Which traces are kept: `always_on`, `always_off`, `traceidratio`, or with `parentbased_` before it, as whoever asks ' +
      'has decided',
  },
  { name: 'OTEL_TRACES_SAMPLER_ARG', default: '1', meaning: 'For `traceidratio`: which part of them, 0 to 1' },
  {
    name: 'SMTP_URL',
    default: '',
    meaning:
      '`smtp://user:password@host:587`, or `smtps://` for TLS from the start. Empty: mails become files in ' +
      '`DATA_DIR/mail`, and outside production pages at `/dev/mail`',
  },
  {
    name: 'MAIL_FROM',
    default: 'Karcis <karcis@localhost>',
    meaning: 'Whom mails come from, such as `Karcis <tickets@tickets.example>`',
  },
  {
    name: 'S3_ENDPOINT',
    default: '',
    meaning:
      'Keeps pictures in storage that speaks S3, such as `https://s3.ap-southeast-3.amazonaws.com`, with the other ' +
      '`S3_…`. Empty: in `DATA_DIR/images`',
  },
  { name: 'S3_BUCKET', default: '', meaning: 'The bucket; it must exist' },
  { name: 'S3_REGION', default: 'us-east-1', meaning: 'Its region' },
  { name: 'S3_ACCESS_KEY_ID', default: '', meaning: 'A key that may put, get and delete objects there' },
  { name: 'S3_SECRET_ACCESS_KEY', default: '', meaning: 'Its secret' },
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
    drain_ms: integer('DRAIN_MS', read('DRAIN_MS'), 0, 600_000),
    is_production: read('NODE_ENV') === 'production',
    auth: authMode(read),
    roles: roles(read),
    processes: integer('PROCESSES', read('PROCESSES'), 1, 64),
    worker: oneOf('WORKER', read('WORKER'), ['on', 'off']),
    admin: firstAdmin(read('ADMIN_EMAIL'), env['ADMIN_PASSWORD'] ?? ''),
    sandbox_payments: sandboxPayments(read),
    sunsets: { v1: sunset('V1_SUNSET', read('V1_SUNSET')), v2: sunset('V2_SUNSET', read('V2_SUNSET')) },
    graphql: graphql(read),
    purge_days: integer('PURGE_DAYS', read('PURGE_DAYS'), 1, 3_650),
    audit_days: integer('AUDIT_DAYS', read('AUDIT_DAYS'), 0, 36_500),
    public_url: publicUrl(read('PUBLIC_URL')),
    ...providers(read),
    fee_basis_points: basisPoints('PLATFORM_FEE_PERCENT', read('PLATFORM_FEE_PERCENT'), 50),
    trusted_proxies: list(read('TRUST_PROXY')).map(network),
    cors_origins: list(read('CORS_ORIGINS')).map(origin),
    rate_limits: oneOf('RATE_LIMIT', read('RATE_LIMIT'), ['on', 'off']) === 'on' ? rateLimits(read) : undefined,
    shed_wait_ms: integer('SHED_WAIT_MS', read('SHED_WAIT_MS'), 0, 60_000),
    live: {
      clients_max: integer('LIVE_CLIENTS', read('LIVE_CLIENTS'), 0, 1_000_000),
      clients_per_address_max: integer('LIVE_CLIENTS_PER_ADDRESS', read('LIVE_CLIENTS_PER_ADDRESS'), 1, 1_000_000),
    },
    redis_url: redisUrl(read('REDIS_URL')),
    metrics_port: read('METRICS_PORT') === '' ? undefined : integer('METRICS_PORT', read('METRICS_PORT'), 0, 65_535),
    metrics_host: read('METRICS_HOST'),
    metrics_token: metricsToken(read('METRICS_TOKEN')),
    tracing: tracing(read),
    data_dir: read('DATA_DIR'),
    smtp_url: smtpUrl(read('SMTP_URL')),
    mail_from: mailFrom(read('MAIL_FROM')),
    s3: s3(read),
  })
}

/**
 * An address is seldom one person: a mobile carrier puts thousands behind one, and so does the Wi-Fi of a hall. So all
 * but logging in may be asked many times as often from an address as by an account. A login has no account yet, and its
 * address is all there is to slow down who guesses passwords.
 */
function rateLimits(read: (name: string) => string): RateLimits {
  const people = integer('RATE_LIMIT_PEOPLE_PER_ADDRESS', read('RATE_LIMIT_PEOPLE_PER_ADDRESS'), 1, 100_000)
  const pair = (name: string, factor: number) => {
    const account = rateLimit(name, read(name))
    return { account, address: { ...account, requests: account.requests * factor } }
  }
  return {
    login: pair('RATE_LIMIT_LOGIN', 1),
    booking: pair('RATE_LIMIT_BOOKING', people),
    door: pair('RATE_LIMIT_DOOR', people),
    read: pair('RATE_LIMIT_READ', people),
    write: pair('RATE_LIMIT_WRITE', people),
  }
}

function rateLimit(name: string, text: string): RateLimit {
  const [, requests, seconds] = /^(\d{1,9})\/(\d{1,5})$/.exec(text) ?? []
  if (!Number(requests) || !Number(seconds)) {
    throw new StartupError(`${name} must look like 20/60, for 20 requests in 60 seconds, not "${text}".`)
  }
  return { requests: Number(requests), window_s: Number(seconds) }
}

const list = (text: string) =>
  text
    .split(',')
    .map((one) => one.trim())
    .filter(Boolean)

function roles(read: (name: string) => string): ReadonlySet<ServerRole> {
  const named = new Set(list(read('ROLES')).map((role) => oneOf('ROLES', role, serverRoles)))
  if (named.size === 0) throw new StartupError(`ROLES must name one of ${serverRoles.join(', ')}, or several.`)
  if (named.has('worker') && named.size === 1 && read('WORKER') === 'off') {
    throw new StartupError(
      'WORKER=off leaves nothing to do for a server whose ROLES are worker: take one of them away.',
    )
  }
  return named
}

function network(text: string): string {
  const [address = '', bits = '0', ...rest] = text.split('/')
  const version = isIP(address)
  if (version === 0 || rest.length > 0 || !/^\d{1,3}$/.test(bits) || Number(bits) > (version === 4 ? 32 : 128)) {
    throw new StartupError(`TRUST_PROXY must list addresses or networks, such as 10.0.0.0/8, not "${text}".`)
  }
  return text
}

function origin(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url || !['http:', 'https:'].includes(url.protocol) || url.origin !== text) {
    throw new StartupError(`CORS_ORIGINS must list origins, such as https://tickets.example, not "${text}".`)
  }
  return text
}

function redisUrl(text: string): string | undefined {
  if (text === '') return undefined
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url || !['redis:', 'rediss:'].includes(url.protocol) || !url.hostname || !/^(\/\d*)?$/.test(url.pathname)) {
    // Not the value: a password may be in it.
    throw new StartupError('REDIS_URL must look like redis://user:password@host:6379/0, or rediss:// for TLS.')
  }
  return text
}

function tracing(read: (name: string) => string): Tracing | undefined {
  const endpoint = read('OTEL_EXPORTER_OTLP_ENDPOINT')
  const sampler = oneOf('OTEL_TRACES_SAMPLER', read('OTEL_TRACES_SAMPLER'), samplers)
  const ratio = read('OTEL_TRACES_SAMPLER_ARG')
  if (!/^(0(\.\d+)?|1(\.0+)?)$/.test(ratio)) {
    throw new StartupError(`OTEL_TRACES_SAMPLER_ARG must be a number from 0 to 1, such as 0.05, not "${ratio}".`)
  }
  if (endpoint === '') return undefined
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined
  if (!url || !['http:', 'https:'].includes(url.protocol) || url.search || url.username) {
    // Not the value: a password may be in it.
    throw new StartupError('OTEL_EXPORTER_OTLP_ENDPOINT must look like http://127.0.0.1:4318, without a password.')
  }
  const service_name = read('OTEL_SERVICE_NAME')
  return { endpoint: endpoint.replace(/\/+$/, ''), service_name, sampler, ratio: Number(ratio) }
}

function metricsToken(text: string): string | undefined {
  if (text === '') return undefined
  if (!/^[\w.~+/=-]{16,200}$/.test(text)) {
    throw new StartupError(
      'METRICS_TOKEN must be 16 to 200 characters of A to Z, a to z, 0 to 9 and .~+/=_-, such as `openssl rand -hex 16` makes.',
    )
  }
  return text
}

function smtpUrl(text: string): string | undefined {
  if (text === '') return undefined
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url || !['smtp:', 'smtps:'].includes(url.protocol) || !url.hostname) {
    // Not the value: a password may be in it.
    throw new StartupError('SMTP_URL must look like smtp://user:password@host:587, or smtps:// for TLS from the start.')
  }
  return text
}

function mailFrom(text: string): string {
  if (!/^[^<>\r\n]*<[^@\s<>]+@[^@\s<>]+>$|^[^@\s<>]+@[^@\s<>]+$/.test(text)) {
    throw new StartupError(`MAIL_FROM must look like Karcis <tickets@tickets.example>, not "${text}".`)
  }
  return text
}

function s3(read: (name: string) => string): Config['s3'] {
  const names = ['S3_ENDPOINT', 'S3_BUCKET', 'S3_ACCESS_KEY_ID', 'S3_SECRET_ACCESS_KEY'] as const
  const [endpoint, bucket, accessKeyId, secretAccessKey] = names.map(read) as [string, string, string, string]
  const missing = names.filter((name) => read(name) === '')
  if (missing.length === names.length) return undefined
  if (missing.length > 0)
    throw new StartupError(`${names.join(', ')} must be set together; missing: ${missing.join(', ')}.`)
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined
  if (!url || !['http:', 'https:'].includes(url.protocol)) {
    throw new StartupError(`S3_ENDPOINT must look like https://s3.example, not "${endpoint}".`)
  }
  return { endpoint: endpoint.replace(/\/+$/, ''), bucket, region: read('S3_REGION'), accessKeyId, secretAccessKey }
}

/** `2027-01-31` or `2027-01-31/2027-12-31`, in UTC. */
function sunset(name: string, text: string): Sunset | undefined {
  if (text === '') return undefined
  const days = text.split('/').map((day) => new Date(/^\d{4}-\d{2}-\d{2}$/.test(day) ? `${day}T00:00:00Z` : ''))
  const [deprecated, until] = days
  if (days.length > 2 || days.some((day) => Number.isNaN(day.getTime())) || (until && until < deprecated!)) {
    throw new StartupError(`${name} must be a day, or two with a slash between, such as 2027-01-31/2027-12-31.`)
  }
  return { deprecated: deprecated!, sunset: until }
}

const loopback = new Set(['localhost', '127.0.0.1', '::1'])

function authMode(read: (name: string) => string): 'on' | 'off' {
  const mode = oneOf('AUTH', read('AUTH'), ['on', 'off'])
  if (mode === 'on') return 'on'
  if (read('NODE_ENV') === 'production')
    throw new StartupError('AUTH=off is not for production: take one of them away.')
  if (!loopback.has(read('HOST'))) {
    throw new StartupError(`AUTH=off lets anyone do anything, so HOST must be localhost, not "${read('HOST')}".`)
  }
  return 'off'
}

function publicUrl(text: string): string | undefined {
  if (text === '') return undefined
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url || !['http:', 'https:'].includes(url.protocol) || url.search || url.hash || url.username) {
    throw new StartupError(`PUBLIC_URL must look like https://tickets.example, not "${text}".`)
  }
  return text.replace(/\/+$/, '')
}

function graphql(read: (name: string) => string): Config['graphql'] {
  const mode = oneOf('GRAPHQL', read('GRAPHQL'), ['on', 'off', 'listed'])
  const documents = read('GRAPHQL_DOCUMENTS')
  if ((mode === 'listed') !== (documents !== '')) {
    throw new StartupError('GRAPHQL=listed and GRAPHQL_DOCUMENTS must be set together.')
  }
  return mode === 'off' ? undefined : { documents: mode === 'listed' ? documents : undefined }
}

/** Keys are never shown, not even those that are wrong. */
function providers(read: (name: string) => string): Pick<Config, 'midtrans' | 'xendit' | 'stripe'> {
  const mode = oneOf('MIDTRANS_MODE', read('MIDTRANS_MODE'), ['sandbox', 'production'])
  const serverKey = read('MIDTRANS_SERVER_KEY')
  const xendit = both(read, 'XENDIT_SECRET_KEY', 'XENDIT_CALLBACK_TOKEN')
  const stripe = both(read, 'STRIPE_SECRET_KEY', 'STRIPE_WEBHOOK_SECRET')
  return {
    midtrans: serverKey === '' ? undefined : { serverKey, isProduction: mode === 'production' },
    xendit: xendit && { secretKey: xendit[0], callbackToken: xendit[1] },
    stripe: stripe && { secretKey: stripe[0], webhookSecret: stripe[1] },
  }
}

function both(read: (name: string) => string, one: string, other: string): [string, string] | undefined {
  const [first, second] = [read(one), read(other)]
  if ((first === '') !== (second === '')) throw new StartupError(`${one} and ${other} must be set together.`)
  return first === '' ? undefined : [first, second]
}

function sandboxPayments(read: (name: string) => string): boolean {
  if (oneOf('SANDBOX_PAYMENTS', read('SANDBOX_PAYMENTS'), ['off', 'on']) === 'off') return false
  if (read('NODE_ENV') === 'production') {
    throw new StartupError(
      'SANDBOX_PAYMENTS=on sells for no money, so it is not for production: take one of them away.',
    )
  }
  return true
}

function firstAdmin(email: string, password: string): Config['admin'] {
  if (email === '' && password === '') return undefined
  if (!/^[^@\s]+@[^@\s]+$/.test(email) || email.length > 100) {
    throw new StartupError('ADMIN_EMAIL must be an email address, set together with ADMIN_PASSWORD.')
  }
  if (password.length < 8 || Buffer.byteLength(password) > 72) {
    throw new StartupError('ADMIN_PASSWORD must be at least 8 characters long, and at most 72 bytes.')
  }
  return { email, password }
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
    if (/^:memory:|^file:/.test(file)) {
      throw new StartupError('DATABASE_URL must name a file: what a database in memory sells is gone with the process.')
    }
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

/** `2.5` → 250, digit by digit: as a fraction, 1.15 * 100 is not 115. */
function basisPoints(name: string, text: string, percent_max: number): number {
  const [, whole = '', digits = ''] = /^(\d{1,2})(?:\.(\d{1,2}))?$/.exec(text) ?? []
  const value = Number(whole) * 100 + Number(digits.padEnd(2, '0'))
  if (whole === '' || value > percent_max * 100) {
    throw new StartupError(
      `${name} must be a percentage from 0 to ${percent_max} with two decimals at most, such as 2.5, not "${text}".`,
    )
  }
  return value
}

function oneOf<Choice extends string>(name: string, text: string, choices: readonly Choice[]): Choice {
  if (!choices.includes(text as Choice)) {
    throw new StartupError(`${name} must be one of ${choices.filter(Boolean).join(', ')}, not "${text}".`)
  }
  return text as Choice
}
