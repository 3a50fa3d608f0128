import assert from 'node:assert/strict'
import { test } from 'node:test'
import { factories } from '../support/factories.ts'
import { startApp } from '../support/app.ts'
import { eventually } from '../support/outbox.ts'
import { testDeps } from '../support/deps.ts'

/** How long the database lets wait who asks for a connection. */
let wait_ms = 0
const { app, deps, call } = await startApp({}, (given) => {
  Object.assign(given, { database: { ...given.database, wait_ms: () => wait_ms } })
  return { shed_wait_ms: 200 }
})
await app.listen({ port: 0, host: '127.0.0.1' })
const { aCustomer, anEvent } = factories(testDeps(deps.database))
// More seats than are taken while the test waits to be refused.
const order = { customer_id: (await aCustomer()).id, event_id: (await anEvent({ capacity: 100_000 })).id, quantity: 1 }

const statusOf = async (method: string, path: string, body?: unknown) => (await call(method, path, body)).status
const reaches = (expected: number, method: string, path: string, body?: unknown) =>
  eventually(async () => (await statusOf(method, path, body)) === expected)

test('while requests wait too long for the database, reading is turned away before any work', async () => {
  assert.equal(await statusOf('GET', '/api/v2/events'), 200)
  wait_ms = 400
  await reaches(503, 'GET', '/api/v2/events')
  const v2 = await call('GET', '/api/v2/events')
  assert.deepEqual([v2.body.code, v2.headers['retry-after']], ['server_busy', '2'])
  const v1 = await call('GET', '/api/v1/events')
  assert.deepEqual([v1.status, v1.body.error], [503, 'the server is busy, try again shortly'])
  assert.equal(await statusOf('POST', '/api/v1/bookings', order), 201)
})

test('much longer, and bookings are, too; health, webhooks and doors never', async () => {
  wait_ms = 2_000
  await reaches(503, 'POST', '/api/v1/bookings', order)
  assert.equal(await statusOf('GET', '/healthz'), 200)
  assert.equal(await statusOf('GET', '/readyz'), 200)
  assert.equal(await statusOf('POST', '/api/v2/webhooks/stripe', {}), 404, 'no such provider here')
  assert.equal(await statusOf('PUT', '/tickets/999/use'), 404)
})

test('it ends by itself', async () => {
  wait_ms = 0
  await reaches(201, 'POST', '/api/v1/bookings', order)
  await reaches(200, 'GET', '/api/v2/events')
})
