import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { startApp } from '../support/app.ts'

const few = { requests: 3, window_s: 60 }
const pair = { account: few, address: few }
const rate_limits = { login: pair, booking: pair, door: pair, read: pair, write: pair }
const page = 'https://tickets.example'

const { app, call } = await startApp(
  {},
  { cors_origins: [page], headers_ms_max: 300, request_ms_max: 600, timeout_check_ms: 50 },
)

for (const path of ['/api/v1/events', '/events/1', '/nothing', '/healthz', '/openapi.json', '/%zz']) {
  test(`${path} is answered with the headers that keep browsers and proxies in check`, async () => {
    const { headers } = await app.inject(path)
    assert.equal(headers['x-content-type-options'], 'nosniff')
    assert.equal(headers['x-frame-options'], 'DENY')
    assert.equal(headers['referrer-policy'], 'no-referrer')
    assert.match(String(headers['content-security-policy']), /^default-src 'none';.* frame-ancestors 'none'$/)
    const isPublic = path === '/api/v1/events'
    assert.equal(headers['cache-control'], isPublic ? 'public, max-age=0, s-maxage=1, must-revalidate' : 'no-store')
    for (const name of ['server', 'x-powered-by', 'strict-transport-security', 'access-control-allow-origin']) {
      assert.equal(headers[name], undefined, name)
    }
  })
}

test('/docs may load its own scripts and styles, and has no others', async () => {
  const { body, headers } = await app.inject('/docs')
  const policy = String(headers['content-security-policy'])
  for (const part of ["script-src 'self';", "style-src 'self';", "connect-src 'self';", "img-src 'self' data:;"]) {
    assert.ok(policy.includes(part), part)
  }
  assert.equal(headers['x-frame-options'], 'DENY')
  assert.doesNotMatch(body, /<script(?![^>]* src=)|<style|https?:\/\/|\son\w+=/)
  for (const [, path] of body.matchAll(/(?:src|href)="([^"]+)"/g)) {
    assert.equal((await app.inject(path!)).statusCode, 200, path)
  }
})

test('strict transport security is for requests that came by https, as a trusted proxy says', async () => {
  const { app } = await startApp({}, { trusted_proxies: ['127.0.0.1'] })
  const headers = { 'x-forwarded-proto': 'https' }
  const through = await app.inject({ url: '/events', headers })
  assert.equal(through.headers['strict-transport-security'], 'max-age=15552000')
  const past = await app.inject({ url: '/events', headers, remoteAddress: '192.0.2.1' })
  assert.equal(past.headers['strict-transport-security'], undefined)
})

test('a page of a named origin may ask, and read the headers that it needs', async () => {
  const { headers } = await app.inject({ url: '/events', headers: { origin: page } })
  assert.equal(headers['access-control-allow-origin'], page)
  assert.equal(headers['access-control-allow-credentials'], undefined)
  assert.equal(headers['vary'], 'Origin, authorization')
  const exposed = String(headers['access-control-expose-headers'])
  for (const name of ['ETag', 'Link', 'Location', 'Retry-After', 'RateLimit', 'Idempotency-Replayed', 'X-Request-Id']) {
    assert.ok(exposed.split(', ').includes(name), name)
  }
})

for (const path of ['/api/v1/bookings', '/bookings', '/tickets/1/use', '/users/1', '/healthz']) {
  test(`the preflight of ${path} is answered for a named origin alone`, async () => {
    const preflight = (origin: string) =>
      app.inject({ method: 'OPTIONS', url: path, headers: { origin, 'access-control-request-method': 'PUT' } })
    const { statusCode, headers } = await preflight(page)
    assert.equal(statusCode, 204)
    assert.equal(headers['access-control-allow-origin'], page)
    assert.match(String(headers['access-control-allow-methods']), /\bPUT\b/)
    assert.match(String(headers['access-control-allow-headers']), /Idempotency-Key/)
    const other = await preflight('https://elsewhere.example')
    assert.deepEqual([other.statusCode, other.headers['access-control-allow-origin']], [405, undefined])
  })
}

test('without accounts, a page of another site changes nothing, unless it is a named one', async () => {
  const ask = (url: string, origin: string, method: 'GET' | 'POST' = 'POST', site = 'cross-site') =>
    app.inject({ method, url, headers: { origin, 'sec-fetch-site': site } })
  const [elsewhere, erasure] = ['https://elsewhere.example', '/api/v2/users/999/erasure']
  assert.equal((await ask(erasure, elsewhere)).statusCode, 403)
  assert.equal((await ask(erasure, page)).statusCode, 404)
  assert.equal((await ask(erasure, 'http://localhost', 'POST', 'same-origin')).statusCode, 404)
  assert.equal((await ask('/events', elsewhere, 'GET')).statusCode, 200)
})

test('OPTIONS that is no preflight is 405, and 404 where nothing is', async () => {
  assert.equal((await call('OPTIONS', '/bookings')).status, 405)
  assert.equal((await call('OPTIONS', '/nothing')).status, 404)
})

for (const path of ['/events?page=', '/nothing/', '/events/']) {
  test(`${path} with 8 KB after it is 414`, async () => {
    const { statusCode, body } = await app.inject(`${path}${'1'.repeat(8_192)}`)
    assert.deepEqual([statusCode, JSON.parse(body)], [414, { success: false, error: 'request URL too long' }])
  })
}

for (const body of ['{"__proto__":{"role":"organizer"}}', '{"constructor":{"prototype":{"role":"organizer"}}}']) {
  test(`${body} is 400, at any depth`, async () => {
    for (const text of [body, `{"name":${body}}`, `{"name":[${body}]}`]) {
      const answer = await call('POST', '/users/register', text)
      assert.deepEqual([answer.status, answer.body.error], [400, 'invalid request body'])
    }
  })
}

/** Sends the head at once and then one byte of the rest at a time, and returns what came back by the end. */
async function trickle(head: string, rest: string): Promise<string> {
  if (!app.server.listening) await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as { port: number }
  let answer = ''
  let isOpen = true
  const socket = connect(port, '127.0.0.1', () => socket.write(head))
  socket.on('data', (chunk) => (answer += chunk.toString()))
  // A reset is an end, too.
  socket.on('error', () => {})
  const closed = new Promise<void>((resolve) => socket.on('close', () => resolve())).then(() => (isOpen = false))
  for (const byte of rest) {
    await Promise.race([sleep(20), closed])
    if (!isOpen) break
    socket.write(byte)
  }
  assert.equal(isOpen, false, 'it could trickle to its end')
  return answer
}

for (const [what, head, rest] of [
  ['headers', 'GET /events HTTP/1.1\r\nhost: x\r\n', `x: ${'y'.repeat(200)}\r\n\r\n`],
  [
    'body',
    'POST /events HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 500\r\n\r\n',
    '1'.repeat(200),
  ],
] as const) {
  test(`a client that trickles its ${what} is cut off with 408`, { timeout: 10_000 }, async () => {
    const answer = await trickle(head, rest)
    assert.match(answer, /^HTTP\/1.1 408 /)
    assert.ok(answer.endsWith('{"success":false,"error":"request took too long to arrive"}'), answer)
  })
}

const limited = await startApp({}, { rate_limits, cors_origins: [page] })
let hosts = 0
const askFrom = (remoteAddress: string, forwarded: string, { app } = limited) =>
  app.inject({ url: '/events', remoteAddress, headers: { 'x-forwarded-for': forwarded, origin: page } })

test('a forged X-Forwarded-For is nobody else', async () => {
  for (let i = 0; i < 3; i++) assert.equal((await askFrom('192.0.2.1', `198.51.100.${++hosts}`)).statusCode, 200)
  const refused = await askFrom('192.0.2.1', `198.51.100.${++hosts}`)
  assert.equal(refused.statusCode, 429)
  // Even a refusal can be read by a page, has its id and is not kept.
  assert.equal(refused.headers['access-control-allow-origin'], page)
  assert.equal(refused.headers['cache-control'], 'no-store')
  assert.ok(refused.headers['x-request-id'])
})

test('behind a trusted proxy it is the last address that the proxy did not make up', async () => {
  const behind = await startApp({}, { rate_limits, trusted_proxies: ['10.0.0.0/8'] })
  for (let i = 0; i < 3; i++) {
    assert.equal((await askFrom('10.0.0.1', `198.51.100.${++hosts}, 192.0.2.1`, behind)).statusCode, 200)
  }
  assert.equal((await askFrom('10.0.0.2', `198.51.100.${++hosts}, 192.0.2.1`, behind)).statusCode, 429)
  assert.equal((await askFrom('10.0.0.1', '192.0.2.2', behind)).statusCode, 200)
})

test('a preflight costs nothing of the budget', async () => {
  for (let i = 0; i < 10; i++) {
    const { statusCode } = await limited.app.inject({
      method: 'OPTIONS',
      url: '/bookings',
      remoteAddress: '192.0.2.3',
      headers: { origin: page, 'access-control-request-method': 'POST' },
    })
    assert.equal(statusCode, 204)
  }
  assert.equal((await askFrom('192.0.2.3', '')).statusCode, 200)
})

after(() => app.server.closeAllConnections())
