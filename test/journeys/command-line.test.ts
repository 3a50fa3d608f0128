import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { openDatabase } from '../../src/db/database.ts'
import { databaseTargetFromUrl } from '../../src/config.ts'
import { createEmptyDatabase, onSqlite } from '../support/database.ts'
import { testDeps } from '../support/deps.ts'
import { aMessage, eventually } from '../support/outbox.ts'
import { http, killLeftovers, runCommand, startProcess, startServer } from '../support/servers.ts'

after(killLeftovers)

const { url: DATABASE_URL, drop } = await createEmptyDatabase()
const folder = mkdtempSync(join(tmpdir(), 'karcis-cli-'))
after(async () => {
  await drop()
  rmSync(folder, { recursive: true, force: true })
})

async function rows(): Promise<object[][]> {
  const database = await openDatabase(databaseTargetFromUrl(DATABASE_URL), 1)
  const users = await database.db.selectFrom('user').selectAll().orderBy('id').execute()
  const events = await database.db.selectFrom('event').selectAll().orderBy('id').execute()
  await database.close()
  return [users, events]
}

test('migrate makes the tables, also when several start together, and then finds nothing to do', async () => {
  const runs = await Promise.all(Array.from({ length: 3 }, () => runCommand('migrate', { DATABASE_URL })))
  assert.deepEqual(
    runs.map(({ code }) => code),
    [0, 0, 0],
    runs.map(({ output }) => output).join('\n'),
  )
  assert.equal(runs.filter(({ output }) => /Migrated: 0001/.test(output)).length, 1)
  assert.equal((await runCommand('migrate', { DATABASE_URL })).output, 'Nothing to migrate.\n')
})

test('seed adds 3 users and 2 events, and nothing the second time', async () => {
  assert.equal((await runCommand('seed', { DATABASE_URL })).code, 0)
  const seeded = await rows()
  assert.deepEqual(
    seeded.map(({ length }) => length),
    [3, 2],
  )
  const again = await runCommand('seed', { DATABASE_URL })
  assert.deepEqual([again.code, again.output], [0, 'The demo data is there already.\n'])
  assert.deepEqual(await rows(), seeded)
})

test('two servers may start together on an empty database', async () => {
  const empty = await createEmptyDatabase()
  const servers = await Promise.all([startServer(empty.url), startServer(empty.url)])
  for (const { url } of servers) assert.equal((await http('GET', `${url}/readyz`)).status, 200)
  await Promise.all(servers.map(({ stop }) => stop()))
  await empty.drop()
})

for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
  test(`${signal} finishes what is in flight, then exits 0`, async () => {
    const server = await startServer(DATABASE_URL)
    const user = { name: 'Ani', email: `${signal}@example.com`, password: 'password123', role: 'customer' }
    const inFlight = http('POST', `${server.url}/users/register`, user)
    // Long enough to have arrived, short enough to be still hashing.
    await new Promise((resolve) => setTimeout(resolve, 20))
    const code = await server.stop(signal)
    assert.equal((await inFlight).status, 201)
    assert.equal(code, 0)
    await assert.rejects(fetch(`${server.url}/healthz`))
  })
}

test('with DRAIN_MS a server says first that it is not ready, serves on, and then exits 0', async () => {
  const server = await startServer(DATABASE_URL, { DRAIN_MS: '1500' })
  assert.equal((await http('GET', `${server.url}/readyz`)).status, 200)
  const ended = server.stop('SIGTERM')
  await eventually(async () => (await http('GET', `${server.url}/readyz`)).status === 503)
  const answer = await fetch(`${server.url}/events`)
  assert.deepEqual([answer.status, answer.headers.get('connection')], [200, 'close'])
  assert.equal(await ended, 0, server.output())
  await assert.rejects(fetch(`${server.url}/healthz`))
})

test('roles and processes are named on the command line, or refused in a sentence', async () => {
  const live = startProcess('karcis.js', ['serve', '--roles', 'live'], { DATABASE_URL, PORT: '0' })
  await eventually(() => live.output().includes('"roles":["live"]'))
  assert.match(live.output(), /PUBLIC_URL is not set/)
  assert.equal(await live.stop(), 0, live.output())
  for (const [args, sentence] of [
    [['--roles', 'door'], /^ROLES must be one of api, live, worker, payments, not "door"\.$/m],
    [['--role', 'api'], /^Unknown option '--role'[^]*Usage: karcis/],
  ] as const) {
    const refused = startProcess('karcis.js', ['serve', ...args], { DATABASE_URL })
    const code = await new Promise((resolve) => refused.process.on('close', resolve))
    assert.equal(code, 1)
    assert.match(refused.output(), sentence)
  }
})

test('worker does what is due until it is stopped, then exits 0; WORKER=off leaves it to that one', async () => {
  const worker = startProcess('karcis.js', ['worker'], { DATABASE_URL })
  await eventually(() => worker.output().includes('"msg":"working"'))
  const server = await startServer(DATABASE_URL, { WORKER: 'off' })
  const database = await openDatabase(databaseTargetFromUrl(DATABASE_URL), 1)
  const { id } = await aMessage(testDeps(database), { kind: 'unknown' })
  await eventually(() => worker.output().includes(`"message_id":${id}`))
  for (const one of [worker, server]) assert.equal(await one.stop('SIGTERM'), 0, one.output())
  assert.ok(!server.output().includes('"message_id"'))
  await database.close()
})

test('a SIGTERM to npm stops the server that npm started', async () => {
  const npm = spawn('npm', ['start'], {
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
    env: { ...process.env, DATABASE_URL, PORT: '0', LOG_FORMAT: 'json', LOG_LEVEL: 'info' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  const url = await new Promise<string>((resolve) =>
    npm.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString()
      const found = /"url":"([^"]+)"/.exec(output)
      if (found) resolve(found[1]!.replace('localhost', '127.0.0.1'))
    }),
  )
  assert.equal((await http('GET', `${url}/healthz`)).status, 200)
  npm.kill('SIGTERM')
  await once(npm.stdout, 'close')
  assert.match(output, /"msg":"stopped"/)
  await assert.rejects(fetch(`${url}/healthz`))
})

test('a request id that is sane comes back and stands in the log; no password does', async () => {
  const server = await startServer(DATABASE_URL)
  const secret = 'sangat-rahasia-123'
  const register = (headers: Record<string, string>, body: object) =>
    fetch(`${server.url}/users/register?password=${secret}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${secret}`, cookie: secret, ...headers },
      body: JSON.stringify({ name: 'Ani', email: 'log@example.com', password: secret, role: 'customer', ...body }),
    })
  const sane = await register({ 'x-request-id': 'abc-123' }, {})
  assert.equal(sane.status, 201)
  assert.equal(sane.headers.get('x-request-id'), 'abc-123')
  const odd = await register({ 'x-request-id': 'a b"c' }, { role: secret })
  assert.match(odd.headers.get('x-request-id')!, /^[0-9a-f-]{36}$/)
  await register({}, { password: `${secret}\0` })
  await server.stop()
  const lines = server
    .output()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
  const line = lines.find(({ request_id }) => request_id === 'abc-123')!
  assert.deepEqual(
    { ...line, time: 0, duration_ms: 0 },
    {
      level: 'info',
      time: 0,
      request_id: 'abc-123',
      method: 'POST',
      route: '/users/register',
      user_id: null,
      status: 201,
      duration_ms: 0,
      msg: 'request',
    },
  )
  assert.ok(!server.output().includes(secret))
  assert.ok(!server.output().includes('$2b$'))
})

test('.env is read, and the environment comes before it', async () => {
  writeFileSync(join(folder, '.env'), `DATABASE_URL=${DATABASE_URL}\nLOG_LEVEL=loud\n`)
  const wrong = await runCommand('migrate', { CWD: folder })
  assert.match(wrong.output, /^LOG_LEVEL must be one of/)
  const right = await runCommand('migrate', { CWD: folder, LOG_LEVEL: 'info' })
  assert.equal(right.output, 'Nothing to migrate.\n')
})

const taken = createServer().listen(0, '127.0.0.1')
await once(taken, 'listening')
after(() => taken.close())
const takenPort = String((taken.address() as { port: number }).port)
writeFileSync(join(folder, 'not-a-database'), 'x'.repeat(5_000))

const mysqlUrl = (change: (url: URL) => void) => {
  const url = new URL(DATABASE_URL)
  change(url)
  return url.href
}
type Case = [name: string, env: Record<string, string>, sentence: RegExp]
const cases: Case[] = [
  [
    'a port in use',
    { DATABASE_URL, HOST: '127.0.0.1', PORT: takenPort },
    /^Port \d+ is in use already\. Stop what listens there/m,
  ],
  [
    'a host that is not ours',
    { DATABASE_URL, AUTH: 'on', HOST: '192.0.2.1', PORT: '0' },
    /^HOST=192\.0\.2\.1 is no address of this machine/m,
  ],
  ['a bad setting', { PORT: 'x' }, /^PORT must be a whole number/],
  ['an unreachable server', { DATABASE_URL: 'mysql://u:p@127.0.0.1:1/karcis' }, /^Nothing answers at 127\.0\.0\.1:1\./],
  ['a file that is no database', { DATABASE_URL: `sqlite:${folder}/not-a-database` }, /is not a SQLite database/],
  ['a folder that can not be made', { DATA_DIR: '/dev/null/x' }, /can't be opened or made/],
]
if (!onSqlite) {
  cases.push(
    [
      'a wrong password',
      { DATABASE_URL: mysqlUrl((url) => (url.password = 'wrong')) },
      /refuses user "\w+" with this password/,
    ],
    [
      'an unknown database',
      { DATABASE_URL: mysqlUrl((url) => (url.pathname = '/karcis_missing')) },
      /There is no database "karcis_missing"/,
    ],
  )
}
for (const [name, env, sentence] of cases) {
  test(`${name} is told in one sentence, with exit code 1`, async () => {
    const { code, output } = await runCommand('serve', env)
    assert.equal(code, 1)
    assert.match(output, sentence)
    assert.doesNotMatch(output, /\n\s+at /)
  })
}

test('an unknown command says what there is', async () => {
  const { code, output } = await runCommand('sreve')
  assert.equal(code, 1)
  assert.match(output, /There is no command "sreve"[^]*Usage: karcis/)
})
