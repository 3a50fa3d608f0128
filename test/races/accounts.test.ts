import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { databaseTargetFromUrl } from '../../src/config.ts'
import { openDatabase } from '../../src/db/database.ts'
import { testDeps } from '../support/deps.ts'
import { createEmptyDatabase, onSqlite } from '../support/database.ts'
import { hashPassword } from '../../src/features/users/password.ts'
import { bearer, password } from '../support/access-ground.ts'
import { factories } from '../support/factories.ts'
import { http, killLeftovers, startServer } from '../support/servers.ts'

// Servers with accounts, which race-ground.ts leaves out.
const { url, drop } = await createEmptyDatabase()
const servers = await Promise.all(Array.from({ length: onSqlite ? 2 : 3 }, () => startServer(url, { AUTH: 'on' })))
const database = await openDatabase(databaseTargetFromUrl(url), 5)
const { aCustomer } = factories(testDeps(database, { hashPassword }))
const call = (n: number, method: string, path: string, body?: unknown, headers?: Record<string, string>) =>
  http(method, `${servers[n % servers.length]!.url}/api/v1${path}`, body, headers)

after(async () => {
  await Promise.all(servers.map(({ stop }) => stop()))
  await database.close()
  await drop()
})
after(killLeftovers)

const login = async (n: number, email: string) =>
  (await call(n, 'POST', '/auth/login', { email, password })).body.data as {
    access_token: string
    refresh_token: string
  }

test('one refresh token at many servers at once: exactly one exchange, and then the whole family has ended', async () => {
  for (let round = 0; round < 8; round++) {
    const { email } = await aCustomer()
    const { access_token, refresh_token } = await login(round, email)
    const answers = await Promise.all(
      Array.from({ length: 4 }, (_, n) => call(n, 'POST', '/auth/refresh', { refresh_token })),
    )
    const won = answers.filter(({ status }) => status === 200)
    assert.equal(won.length, 1, JSON.stringify(answers.map(({ body }) => body)))
    assert.equal(answers.filter(({ status }) => status === 401).length, 3)
    // Nobody can tell whose copy won: what it was given is dead, too.
    const next = won[0]!.body.data as { access_token: string; refresh_token: string }
    assert.equal((await call(round, 'POST', '/auth/refresh', { refresh_token: next.refresh_token })).status, 401)
    const fresh = await startServerOnce()
    for (const token of [access_token, next.access_token]) {
      assert.equal((await http('GET', `${fresh.url}/api/v1/auth/me`, undefined, bearer(token))).status, 401)
    }
  }
})

/** One that has seen none of these sessions: the others may go by what they have seen for 5 seconds. */
let fresh: ReturnType<typeof startServer> | undefined
const startServerOnce = () => {
  fresh ??= startServer(url, { AUTH: 'on' }).then((server) => (servers.push(server), server))
  return fresh
}

test('first log-ins at servers that have no key yet: each token holds at every server', async () => {
  const ground = await createEmptyDatabase()
  const fresh = await Promise.all([1, 2].map(() => startServer(ground.url, { AUTH: 'on' })))
  const own = await openDatabase(databaseTargetFromUrl(ground.url), 2)
  const { email } = await factories(testDeps(own, { hashPassword })).aCustomer()
  const answers = await Promise.all(
    Array.from({ length: 6 }, (_, n) => http('POST', `${fresh[n % 2]!.url}/auth/login`, { email, password })),
  )
  const statuses = []
  for (const { body } of answers) {
    for (const server of fresh) {
      const token = body.data.access_token as string
      statuses.push((await http('GET', `${server.url}/auth/me`, undefined, bearer(token))).status)
    }
  }
  await Promise.all(fresh.map(({ stop }) => stop()))
  await own.close()
  await ground.drop()
  assert.deepEqual(new Set(statuses), new Set([200]))
})

test('log-ins against the change of the password: no session of the old one outlives it', async () => {
  for (let round = 0; round < 4; round++) {
    const { email, id } = await aCustomer()
    const { access_token } = await login(round, email)
    const [changed, ...signedIn] = await Promise.all([
      call(
        round,
        'POST',
        '/auth/password',
        { current_password: password, new_password: 'new password' },
        bearer(access_token),
      ),
      ...Array.from({ length: 6 }, (_, n) => call(n, 'POST', '/auth/login', { email, password })),
    ])
    assert.equal(changed.status, 200)
    for (const { status } of signedIn) assert.ok([200, 401].includes(status), String(status))
    const alive = await database.db
      .selectFrom('session')
      .select('id')
      .where('user_id', '=', id)
      .where('ended_at', 'is', null)
      .execute()
    assert.equal(alive.length, 1, 'the session of who changed it')
  }
})
