import assert from 'node:assert/strict'
import { test } from 'node:test'
import { databaseTargetFromUrl, readConfig } from './config.ts'

test('with nothing configured, the embedded database in ./data', () => {
  const config = readConfig({}, false)
  assert.deepEqual(config.database, { dialect: 'sqlite', file: './data/karcis.db' })
  assert.equal(config.port, 8080)
  assert.equal(config.host, 'localhost')
})

test("the seed's DB_ settings choose MySQL", () => {
  const env = { DB_USER: 'root', DB_PASSWORD: 'pa ss', DB_HOST: '127.0.0.1', DB_PORT: '3307', DB_NAME: 'ticket_system' }
  assert.deepEqual(readConfig(env, false).database, {
    dialect: 'mysql',
    host: '127.0.0.1',
    port: 3307,
    user: 'root',
    password: 'pa ss',
    database: 'ticket_system',
  })
})

test('DATABASE_URL comes before them, its parts decoded', () => {
  const env = { DB_HOST: 'elsewhere', DATABASE_URL: 'mysql://k%40rcis:p%2Fw@db.example:3307/tickets' }
  assert.deepEqual(readConfig(env, false).database, {
    dialect: 'mysql',
    host: 'db.example',
    port: 3307,
    user: 'k@rcis',
    password: 'p/w',
    database: 'tickets',
  })
})

for (const [url, file] of [
  ['sqlite:some/file.db', 'some/file.db'],
  ['sqlite:/var/lib/karcis.db', '/var/lib/karcis.db'],
  ['sqlite:///var/lib/karcis.db', '/var/lib/karcis.db'],
] as const) {
  test(`${url} is ${file}`, () => assert.deepEqual(databaseTargetFromUrl(url), { dialect: 'sqlite', file }))
}

for (const [env, sentence] of [
  [{ PORT: '80a' }, /^PORT must be a whole number from 0 to 65535, not "80a"\.$/],
  [{ PORT: '65536' }, /^PORT must be/],
  [{ DB_HOST: 'x', DB_PORT: '0' }, /^DB_PORT must be/],
  [{ DATABASE_URL: 'postgres://x/y' }, /^DATABASE_URL must look like/],
  [{ DATABASE_URL: 'mysql://host' }, /^DATABASE_URL must look like/],
  [{ DATABASE_URL: 'mysql://u:100%@host/db' }, /^DATABASE_URL/],
  [{ LOG_LEVEL: 'loud' }, /^LOG_LEVEL must be one of debug, info, warn, error, silent, not "loud"\.$/],
  ...['50.01', '-1', '2,5', '2.505', '1e1', '.5'].map(
    (percent) =>
      [{ PLATFORM_FEE_PERCENT: percent }, /^PLATFORM_FEE_PERCENT must be a percentage from 0 to 50/] as const,
  ),
  [{ DB_POOL_SIZE: '0' }, /^DB_POOL_SIZE must be/],
  [{ ROLES: 'api,door' }, /^ROLES must be one of api, live, worker, payments, not "door"\.$/],
  [{ ROLES: ',' }, /^ROLES must name one of api, live, worker, payments/],
  [{ ROLES: 'worker', WORKER: 'off' }, /^WORKER=off leaves nothing to do/],
  [{ PROCESSES: '0' }, /^PROCESSES must be a whole number from 1 to 64/],
  [{ DRAIN_MS: '-1' }, /^DRAIN_MS must be a whole number from 0 to 600000/],
  [{ AUDIT_DAYS: 'forever' }, /^AUDIT_DAYS must be a whole number from 0 to 36500/],
  [{ SHED_WAIT_MS: '-1' }, /^SHED_WAIT_MS must be a whole number from 0 to 60000/],
  [{ TRUST_PROXY: 'true' }, /^TRUST_PROXY must list .*, not "true"\.$/],
  [{ TRUST_PROXY: '10.0.0.1, 10.0.0.0/33' }, /^TRUST_PROXY must list .*, not "10\.0\.0\.0\/33"\.$/],
  [{ CORS_ORIGINS: '*' }, /^CORS_ORIGINS must list origins/],
  [{ CORS_ORIGINS: 'null' }, /^CORS_ORIGINS must list origins/],
  [{ CORS_ORIGINS: 'https://x.example/' }, /^CORS_ORIGINS must list origins/],
  [{ RATE_LIMIT: 'maybe' }, /^RATE_LIMIT must be one of on, off/],
  [{ RATE_LIMIT_READ: '5' }, /^RATE_LIMIT_READ must look like 20\/60/],
  [{ RATE_LIMIT_LOGIN: '0/60' }, /^RATE_LIMIT_LOGIN must look like/],
  [{ LIVE_CLIENTS: 'many' }, /^LIVE_CLIENTS must be a whole number from 0 to 1000000, not "many"\.$/],
  [{ LIVE_CLIENTS_PER_ADDRESS: '0' }, /^LIVE_CLIENTS_PER_ADDRESS must be/],
  [{ SANDBOX_PAYMENTS: 'yes' }, /^SANDBOX_PAYMENTS must be one of off, on/],
  [{ SANDBOX_PAYMENTS: 'on', NODE_ENV: 'production' }, /^SANDBOX_PAYMENTS=on .* not for production/],
  [{ GRAPHQL: 'yes' }, /^GRAPHQL must be one of on, off, listed, not "yes"\.$/],
  [{ GRAPHQL: 'listed' }, /^GRAPHQL=listed and GRAPHQL_DOCUMENTS must be set together\.$/],
  [{ GRAPHQL_DOCUMENTS: 'x.json' }, /^GRAPHQL=listed and/],
  [{ REDIS_URL: 'http://:secret@x' }, /^REDIS_URL(?!.*secret)/],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://me:secret@x' }, /^OTEL_EXPORTER_OTLP_ENDPOINT(?!.*secret)/],
  [{ OTEL_TRACES_SAMPLER: 'some' }, /^OTEL_TRACES_SAMPLER must be one of always_on/],
  [{ OTEL_TRACES_SAMPLER_ARG: '5%' }, /^OTEL_TRACES_SAMPLER_ARG must be a number from 0 to 1/],
  [{ METRICS_PORT: '99999' }, /^METRICS_PORT must be a whole number/],
  [{ METRICS_TOKEN: 'secret' }, /^METRICS_TOKEN must be 16(?!.*secret)/],
] as const) {
  test(`${JSON.stringify(env)} is refused in one sentence`, () => {
    assert.throws(() => readConfig(env, false), { name: 'StartupError', message: sentence })
  })
}

test('the fee is read to the basis point, without a fraction on the way', () => {
  const feeOf = (percent: string) => readConfig({ PLATFORM_FEE_PERCENT: percent }, false).fee_basis_points
  assert.deepEqual(
    ['', '0', '1.15', '2.5', '4.35', '50', '50.00', '0.01'].map(feeOf),
    [0, 0, 115, 250, 435, 5_000, 5_000, 1],
  )
})

test('an address may ask as much as many people, but log in no more often than one', () => {
  const { rate_limits } = readConfig({ RATE_LIMIT_READ: '7/10', RATE_LIMIT_PEOPLE_PER_ADDRESS: '3' }, false)
  assert.deepEqual(rate_limits?.read, {
    account: { requests: 7, window_s: 10 },
    address: { requests: 21, window_s: 10 },
  })
  assert.deepEqual(rate_limits?.login.address, rate_limits?.login.account)
})

test('RATE_LIMIT=off limits nothing, and lists are read with or without spaces', () => {
  const env = { RATE_LIMIT: 'off', TRUST_PROXY: '10.0.0.1,2001:db8::/32 , ::1', CORS_ORIGINS: 'https://a.example' }
  const config = readConfig(env, false)
  assert.equal(config.rate_limits, undefined)
  assert.deepEqual(config.trusted_proxies, ['10.0.0.1', '2001:db8::/32', '::1'])
  assert.deepEqual(config.cors_origins, ['https://a.example'])
})
