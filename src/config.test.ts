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
  [{ DB_POOL_SIZE: '0' }, /^DB_POOL_SIZE must be/],
] as const) {
  test(`${JSON.stringify(env)} is refused in one sentence`, () => {
    assert.throws(() => readConfig(env, false), { name: 'StartupError', message: sentence })
  })
}
