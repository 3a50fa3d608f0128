import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { sql, type RawBuilder } from 'kysely'
import pino from 'pino'
import { buildApp } from '../../src/app.ts'
import { serverRoles, type ServerRole } from '../../src/config.ts'
import { migrations } from '../../src/db/migrate.ts'
import { inTransaction } from '../../src/db/transaction.ts'
import { openTestDatabase } from '../support/database.ts'
import { testDeps } from '../support/deps.ts'

const { database, drop } = await openTestDatabase()
after(drop)

async function aServer(...roles: ServerRole[]) {
  const settings = { roles: new Set(roles), sandbox: { onChange: async () => {} } }
  const app = await buildApp(testDeps(database), pino({ level: 'silent' }), settings)
  after(() => app.close())
  return async (method: 'GET' | 'POST', url: string) => {
    const { statusCode, headers, body } = await app.inject({ method, url })
    return { status: statusCode, headers, body, app }
  }
}

/** What each role serves, and what it answers to who brings nothing. */
const paths: readonly [role: ServerRole, method: 'GET' | 'POST', path: string, status: number][] = [
  ['api', 'GET', '/events', 200],
  ['api', 'GET', '/api/v2/events', 200],
  ['api', 'GET', '/', 404],
  ['api', 'GET', '/docs', 200],
  ['api', 'GET', '/go/booking', 403],
  ['api', 'GET', '/.well-known/jwks.json', 200],
  ['api', 'GET', '/asyncapi.json', 200],
  ['live', 'GET', '/live', 426],
  ['live', 'GET', '/live/events?channels=event:7', 404],
  ['payments', 'POST', '/api/v2/webhooks/sandbox', 404],
  ['payments', 'GET', '/sandbox/payments/x', 404],
]
const own = new Map<string, number>()

for (const role of serverRoles) {
  test(`a server with the role ${role} alone serves that, says who it is, and sends the rest elsewhere`, async () => {
    const ask = await aServer(role)
    for (const path of ['/healthz', '/readyz']) assert.equal((await ask('GET', path)).status, 200, path)
    for (const [home, method, path, status] of paths) {
      const answer = await ask(method, path)
      assert.equal(answer.status, home === role ? status : 421, `${path}: ${answer.body}`)
      if (home === role) own.set(path, answer.status)
      else assert.match(answer.body, /another role serves this path/)
    }
    const unknown = role === 'api' ? 404 : 421
    assert.equal((await ask('GET', '/nothing')).status, unknown)
  })
}

test('a server with all roles serves all of it', async () => {
  const ask = await aServer(...serverRoles)
  for (const [, method, path] of paths) assert.equal((await ask(method, path)).status, own.get(path), path)
  assert.equal((await ask('GET', '/nothing')).status, 404)
})

test('whoever drains is not ready, still serves, and ends connections with their answers', async () => {
  const ask = await aServer('api')
  const { app, headers } = await ask('GET', '/events')
  assert.notEqual(headers.connection, 'close')
  app.drain()
  const answer = await ask('GET', '/events')
  assert.deepEqual([answer.status, answer.headers.connection], [200, 'close'])
  const ready = await ask('GET', '/readyz')
  assert.deepEqual([ready.status, (JSON.parse(ready.body) as { error: string }).error], [503, 'this server is stopping: ask another one']) // prettier-ignore
  assert.equal((await ask('GET', '/healthz')).status, 200)
})

test('tables that are older than the server make it not ready, and newer ones do not', async () => {
  const ask = await aServer('worker')
  const run = (query: RawBuilder<unknown>) => inTransaction(database, (tx) => query.execute(tx))
  const newest = migrations.at(-1)!.name
  await run(sql`delete from migration where name = ${newest}`)
  const outdated = await ask('GET', '/readyz')
  assert.deepEqual([outdated.status, /older than this server/.test(outdated.body)], [503, true])
  for (const name of [newest, '9999-later']) {
    await run(sql`insert into migration (name, applied_at) values (${name}, '2030-01-01 00:00:00.000')`)
  }
  assert.equal((await ask('GET', '/readyz')).status, 200)
})
