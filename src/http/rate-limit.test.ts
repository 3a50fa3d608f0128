import assert from 'node:assert/strict'
import { test } from 'node:test'
import fastify from 'fastify'
import { serverRoles, type RateLimits } from '../config.ts'
import { handleErrors } from './error-handler.ts'
import { localCounts } from './local-counts.ts'
import { classOf, limitAccounts, limitAddresses } from './rate-limit.ts'

const pair = (account: number, address: number) => ({
  account: { requests: account, window_s: 60 },
  address: { requests: address, window_s: 60 },
})
const limits: RateLimits = {
  login: pair(2, 2),
  booking: pair(2, 4),
  door: pair(9, 9),
  read: pair(3, 5),
  write: pair(9, 9),
}

/** A server whose callers say in a header who they are. */
function aServer() {
  const app = fastify()
  let asked = 0
  limitAddresses(app, limits, localCounts())
  handleErrors(app, new Set(serverRoles))
  app.addHook('onRequest', async () => {
    asked++
  })
  limitAccounts(app, limits, localCounts(), (request) => request.headers['x-account'] as string | undefined)
  app.get('/events', async () => ({ success: true }))
  app.post('/api/v1/bookings', async () => ({ success: true }))
  app.post('/auth/login', async () => ({ success: true }))
  app.get('/healthz', async () => ({ success: true }))
  return {
    asked: () => asked,
    ask: async (method: 'GET' | 'POST', url: string, remoteAddress = '192.0.2.1', account?: string) => {
      const { statusCode, headers, body } = await app.inject({
        method,
        url,
        remoteAddress,
        headers: account === undefined ? {} : { 'x-account': account },
      })
      return { status: statusCode, headers, body: JSON.parse(body) as unknown }
    },
  }
}

test('an address is told what is left, and then refused before anything else is done', async () => {
  const { ask, asked } = aServer()
  for (const left of [4, 3, 2, 1, 0]) {
    const { status, headers } = await ask('GET', '/events')
    assert.equal(status, 200)
    assert.equal(headers['ratelimit-policy'], '"read-address";q=5;w=60')
    assert.equal(headers['ratelimit'], `"read-address";r=${left};t=60`)
    assert.equal(headers['retry-after'], undefined)
  }
  const { status, headers, body } = await ask('GET', '/events')
  assert.deepEqual([status, body], [429, { success: false, error: 'too many requests, try again in a moment' }])
  assert.equal(headers['ratelimit'], '"read-address";r=0;t=60')
  assert.equal(headers['retry-after'], '60')
  assert.equal(asked(), 5)
  assert.equal((await ask('GET', '/events', '192.0.2.2')).status, 200)
})

test('an account is refused wherever it asks from, and its neighbours are not', async () => {
  const { ask } = aServer()
  for (const left of [2, 1, 0]) {
    const { headers } = await ask('GET', '/events', `192.0.2.${left}`, '7')
    assert.equal(headers['ratelimit-policy'], '"read";q=3;w=60')
    assert.equal(headers['ratelimit'], `"read";r=${left};t=60`)
  }
  const refused = await ask('GET', '/events', '192.0.2.9', '7')
  assert.deepEqual([refused.status, refused.headers['retry-after']], [429, '60'])
  assert.equal((await ask('GET', '/events', '192.0.2.9', '8')).status, 200)
})

test('a /64 is one address', async () => {
  const { ask } = aServer()
  for (let i = 0; i < 5; i++) assert.equal((await ask('GET', '/events', `2001:db8::${i}`)).status, 200)
  assert.equal((await ask('GET', '/events', '2001:db8::1:2:3:4')).status, 429)
  assert.equal((await ask('GET', '/events', '2001:db8:0:1::1')).status, 200)
})

test('each class has a budget of its own, whatever is asked for and however it is written', async () => {
  const { ask } = aServer()
  for (let i = 0; i < 5; i++) assert.equal((await ask('GET', `/nothing/${i}`)).status, 404)
  assert.equal((await ask('GET', '/events')).status, 429)
  assert.equal((await ask('POST', '/api/v1/bookings')).status, 200)
  assert.equal((await ask('POST', '/auth/login')).status, 200)
  assert.equal((await ask('POST', '/auth/%6Cogin')).status, 200)
  assert.equal((await ask('POST', '/auth/login')).status, 429)
})

test('health is never limited', async () => {
  const { ask } = aServer()
  for (let i = 0; i < 20; i++) {
    const { status, headers } = await ask('GET', '/healthz')
    assert.deepEqual([status, headers['ratelimit']], [200, undefined])
  }
})

for (const [method, route, expected] of [
  ['POST', '/auth/login', 'login'],
  ['POST', '/api/v1/auth/refresh', 'write'],
  ['POST', '/api/v2/users', 'login'],
  ['POST', '/users/register', 'login'],
  ['GET', '/users', 'read'],
  ['POST', '/api/v2/bookings', 'booking'],
  ['PUT', '/tickets/:id/use', 'door'],
  ['POST', '/api/v2/check-ins', 'door'],
  ['POST', '/api/v2/events/:id/scans', 'door'],
  ['POST', '/api/v2/tickets/:id/use', 'door'],
  ['HEAD', '/api/v1/events', 'read'],
  ['PUT', '/events/:id', 'write'],
  ['DELETE', '/users/:id', 'write'],
  ['POST', undefined, 'write'],
  ['OPTIONS', '/bookings', undefined],
  ['GET', '/readyz', undefined],
] as const) {
  test(`${method} ${route} is ${expected ?? 'not limited'}`, () => assert.equal(classOf(method, route), expected))
}
