import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { test } from 'node:test'
import { startApp } from '../support/app.ts'
import { factories } from '../support/factories.ts'

const { app, call, deps } = await startApp()
const { aBooking } = factories(deps)
await aBooking()

const bodies: [method: string, path: string][] = [
  ['POST', '/api/v1/users/register'],
  ['PUT', '/api/v1/users/1'],
  ['POST', '/api/v1/events'],
  ['PUT', '/api/v1/events/1'],
  ['POST', '/api/v1/bookings'],
]

for (const [method, path] of bodies) {
  for (const [name, body] of [
    ['broken JSON', '{"a":'],
    ['text after it', '{} {}'],
    ['nothing', ''],
    ['null', 'null'],
    ['an array', '[]'],
    ['a number', '5'],
    ['a __proto__', '{"__proto__":{"x":1}}'],
    ['bytes that are not UTF-8', Buffer.from([0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, 0xff, 0x22, 0x7d])],
    ['deep nesting, cut off', '['.repeat(1_000_000)],
  ] as const) {
    test(`${method} ${path} with ${name} is 400`, async () => {
      const answer = await call(method, path, body)
      assert.deepEqual([answer.status, answer.body.error], [400, 'invalid request body'])
    })
  }

  test(`${method} ${path} with deep nesting in an unknown field, or in a known one, is no harm`, async () => {
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`
    for (const field of ['unknown', 'title', 'name', 'customer_id']) {
      const { status } = await call(method, path, `{"${field}":${deep}}`)
      assert.ok(status === 400 || status === 200, `${field}: ${status}`)
    }
  })

  test(`${method} ${path} in another content type is 415`, async () => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/xml', 'nonsense']) {
      const answer = await call(method, path, '{}', { 'content-type': type })
      assert.deepEqual([answer.status, answer.body.error], [415, "content type must be 'application/json'"])
    }
  })

  test(`${method} ${path} with 12 MB is 413`, async () => {
    const answer = await call(method, path, `{"name":"${'x'.repeat(12_000_000)}"}`)
    assert.deepEqual([answer.status, answer.body.error], [413, 'request body too large'])
  })
}

test('version 2 says what is wrong with a body', async () => {
  for (const [sent, detail] of [
    [undefined, 'a body is required'],
    ['', 'a body is required'],
    ['{"email":', 'the body is broken JSON'],
    ['[]', 'the body must be an object'],
    ['5', 'the body must be an object'],
    [Buffer.from('{"email":"\xff"}', 'latin1'), 'the body is not UTF-8'],
    ['{"__proto__":{}}', 'the body has a key that is forbidden: __proto__, or prototype in a constructor'],
  ] as const) {
    const { status, body } = await call('POST', '/api/v2/users', sent)
    assert.deepEqual([status, body.code, body.detail], [400, 'invalid_body', detail])
  }
})

test('a body that is compressed is refused, and not taken for broken JSON', async () => {
  for (const coding of ['gzip', 'br', 'gzip, identity', 'nonsense']) {
    const { status, body, headers } = await call('PUT', '/users/1', '{"name":"Ani"}', { 'content-encoding': coding })
    assert.deepEqual([status, body.error], [415, 'send the body as it is, without Content-Encoding'])
    assert.equal(headers['accept-encoding'], 'identity')
  }
  assert.equal((await call('PUT', '/users/1', '{"name":"Ani"}', { 'content-encoding': 'Identity' })).status, 200)
})

test('JSON in another charset than UTF-8 is refused', async () => {
  for (const charset of ['utf-16', '"UTF-16LE"', 'iso-8859-1', '']) {
    const type = `application/json; charset=${charset}`
    const { status, body } = await call('PUT', '/users/1', '{"name":"Ani"}', { 'content-type': type })
    assert.deepEqual([status, body.error], [415, 'JSON is UTF-8: name no other charset'], charset)
  }
  for (const charset of ['UTF-8', '"utf-8"', 'utf8', 'us-ascii']) {
    const type = `application/json; x=y; charset=${charset}`
    assert.equal((await call('PUT', '/users/1', '{"name":"Ani"}', { 'content-type': type })).status, 200, charset)
  }
})

test('a byte order mark and a charset are no reason to refuse', async () => {
  const { status } = await call('PUT', '/users/1', '\uFEFF{"name":"Ani"}', {
    'content-type': 'application/json; charset=utf-8',
  })
  assert.equal(status, 200)
})

for (const [method, path] of [
  ['GET', '/'],
  ['GET', '/nothing'],
  ['POST', '/api/v9/users'],
  ['POST', '/nothing'],
  ['GET', '/users/1/2'],
  ['GET', '/users/'],
] as const) {
  test(`${method} ${path} is 404, whatever its body`, async () => {
    for (const body of [undefined, '{"broken']) {
      const answer = await call(method, path, method === 'GET' ? undefined : body)
      assert.deepEqual([answer.status, answer.body], [404, { success: false, error: 'route not found' }])
      assert.equal(answer.headers['content-type'], 'application/json; charset=utf-8')
    }
  })
}

for (const [method, path, allow] of [
  ['PATCH', '/users/1', 'DELETE, GET, HEAD, PUT'],
  ['DELETE', '/api/v1/users', 'GET, HEAD'],
  ['GET', '/users/register/', undefined],
  ['PUT', '/api/v1/bookings', 'GET, HEAD, POST'],
  ['GET', '/tickets/1/use', 'PUT'],
  ['POST', '/healthz', 'GET, HEAD'],
] as const) {
  test(`${method} ${path} is ${allow ? `405, allowing ${allow}` : '404'}`, async () => {
    const answer = await call(method, path, method === 'GET' ? undefined : '{"broken')
    assert.equal(answer.status, allow ? 405 : 404)
    if (allow) assert.deepEqual([answer.headers['allow'], answer.body.error], [allow, 'method not allowed'])
  })
}

test('what is not even HTTP gets the envelope, too', async () => {
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as { port: number }
  const raw = (text: string) =>
    new Promise<string>((resolve, reject) => {
      let answer = ''
      const socket = connect(port, '127.0.0.1', () => socket.write(text))
      socket.on('data', (chunk) => (answer += chunk.toString()))
      socket.on('close', () => resolve(answer))
      socket.on('error', reject)
    })
  for (const [text, status, error] of [
    ['NONSENSE\r\n\r\n', 400, 'invalid request'],
    [`GET / HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(40_000)}\r\n\r\n`, 431, 'request headers too large'],
    ['GET /users/%zz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n', 400, 'invalid request'],
    ['GET /%ff HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n', 400, 'invalid request'],
    ['GET / HTTP/1.1\r\n\r\n', 400, 'a request by HTTP/1.1 must have a Host'],
    [
      'GET / HTTP/1.1\r\nhost: x\r\nexpect: x\r\nconnection: close\r\n\r\n',
      417,
      'nothing but 100-continue is expected here',
    ],
  ] as const) {
    const answer = await raw(text)
    assert.match(answer, new RegExp(`^HTTP/1.1 ${status} `))
    assert.match(answer, /content-type: application\/json; charset=utf-8/i)
    assert.ok(answer.includes(JSON.stringify({ success: false, error })), answer)
  }
  for (const text of ['GET /healthz HTTP/1.0\r\n\r\n', 'GET /healthz HTTP/1.1\r\nhost:\r\nconnection: close\r\n\r\n']) {
    assert.match(await raw(text), /^HTTP\/1.1 200 /)
  }
  const refused = await raw('GET /api/v2/events HTTP/1.1\r\nhost: x\r\nexpect: x\r\nconnection: close\r\n\r\n')
  for (const part of [/application\/problem\+json/, /x-content-type-options: nosniff/, /"code":"expectation_failed"/]) {
    assert.match(refused, part)
  }
})
