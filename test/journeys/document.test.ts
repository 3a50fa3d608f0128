import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Validator } from '@seriousme/openapi-schema-validator'
import { startApp } from '../support/app.ts'
import type { Document } from '../support/openapi.ts'

const { app } = await startApp()

const routes = {
  '/openapi.json': [
    'DELETE /events/{id}',
    'DELETE /users/{id}',
    'GET /auth/me',
    'GET /bookings',
    'GET /bookings/{id}',
    'GET /events',
    'GET /events/{id}',
    'GET /healthz',
    'GET /readyz',
    'GET /tickets',
    'GET /tickets/{id}',
    'GET /users',
    'GET /users/{id}',
    'POST /auth/forgot',
    'POST /auth/login',
    'POST /auth/logout',
    'POST /auth/logout-all',
    'POST /auth/password',
    'POST /auth/refresh',
    'POST /auth/reset',
    'POST /bookings',
    'POST /events',
    'POST /users/register',
    'PUT /events/{id}',
    'PUT /tickets/{id}/use',
    'PUT /users/{id}',
  ],
  '/api/v2/openapi.json': [
    'DELETE /api-keys/{id}',
    'DELETE /bookings/{id}',
    'DELETE /events/{id}',
    'DELETE /events/{id}/images/{image_id}',
    'DELETE /events/{id}/staff/{user_id}',
    'DELETE /ticket-types/{id}',
    'DELETE /users/{id}',
    'GET /api-keys',
    'GET /audit-entries',
    'GET /auth/me',
    'GET /balance',
    'GET /bookings',
    'GET /bookings/{id}',
    'GET /bookings/{id}/event.ics',
    'GET /bookings/{id}/payments',
    'GET /bookings/{id}/refunds',
    'GET /bookings/{id}/tickets',
    'GET /bookings/{id}/tickets.pdf',
    'GET /check-ins',
    'GET /events',
    'GET /events/{id}',
    'GET /events/{id}/cancellation',
    'GET /events/{id}/check-in-counts',
    'GET /events/{id}/check-in-list',
    'GET /events/{id}/door-snapshot',
    'GET /events/{id}/event.ics',
    'GET /events/{id}/images',
    'GET /events/{id}/staff',
    'GET /events/{id}/takings',
    'GET /events/{id}/ticket-types',
    'GET /ledger-entries',
    'GET /mails',
    'GET /outbox-messages',
    'GET /payment-notices',
    'GET /payment-providers',
    'GET /payments/{id}',
    'GET /refunds',
    'GET /ticket-types/{id}',
    'GET /tickets',
    'GET /tickets/{id}',
    'GET /tickets/{id}/pdf',
    'GET /tickets/{id}/qr.png',
    'GET /tickets/{id}/qr.svg',
    'GET /tickets/{id}/transfers',
    'GET /transfers/{id}',
    'GET /users',
    'GET /users/{id}',
    'GET /users/{id}/export',
    'PATCH /events/{id}',
    'PATCH /events/{id}/images/{image_id}',
    'PATCH /ticket-types/{id}',
    'PATCH /tickets/{id}',
    'PATCH /users/{id}',
    'POST /api-keys',
    'POST /auth/confirm-email',
    'POST /auth/confirm-email/request',
    'POST /auth/forgot',
    'POST /auth/login',
    'POST /auth/logout',
    'POST /auth/logout-all',
    'POST /auth/password',
    'POST /auth/refresh',
    'POST /auth/reset',
    'POST /bookings',
    'POST /bookings/{id}/cancellation',
    'POST /bookings/{id}/links',
    'POST /bookings/{id}/payments',
    'POST /bookings/{id}/restoration',
    'POST /check-ins',
    'POST /check-ins/{id}/undo',
    'POST /events',
    'POST /events/{id}/cancellation',
    'POST /events/{id}/images',
    'POST /events/{id}/restoration',
    'POST /events/{id}/scans',
    'POST /events/{id}/staff',
    'POST /events/{id}/ticket-types',
    'POST /mails/{id}/retry',
    'POST /outbox-messages/{id}/retry',
    'POST /refunds/{id}/completion',
    'POST /tickets/{id}/links',
    'POST /tickets/{id}/transfers',
    'POST /tickets/{id}/use',
    'POST /transfers/{id}/acceptance',
    'POST /transfers/{id}/refusal',
    'POST /transfers/{id}/withdrawal',
    'POST /users',
    'POST /users/{id}/erasure',
    'POST /users/{id}/restoration',
    'POST /webhooks/{provider}',
  ],
}

for (const [url, expected] of Object.entries(routes)) {
  const read = async () => (await app.inject(url)).json<Document & { openapi: string }>()

  test(`${url} is a valid OpenAPI 3.1 document with every route of its version`, async () => {
    const document = await read()
    assert.equal(document.openapi, '3.1.0')
    const { valid, errors } = await new Validator().validate(structuredClone(document))
    assert.ok(valid, JSON.stringify(errors))
    const routes = Object.entries(document.paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${path.replace(/^\/api\/v\d/, '')}`),
    )
    assert.deepEqual(routes.toSorted(), expected)
  })

  test(`${url}: every refusal has an example, in the form of its version`, async () => {
    for (const [path, operations] of Object.entries((await read()).paths)) {
      for (const [method, { responses }] of Object.entries(operations)) {
        for (const [status, { content }] of Object.entries(responses)) {
          if (Number(status) < 400) continue
          const name = `${method} ${path} ${status}`
          assert.match(JSON.stringify(content), /"examples?":/, name)
          const isV2 = path.startsWith('/api/v2/')
          assert.deepEqual(Object.keys(content!), [isV2 ? 'application/problem+json' : 'application/json'], name)
        }
      }
    }
  })

  test(`${url}: every operation says what it does, where it belongs and what it answers`, async () => {
    for (const [path, operations] of Object.entries((await read()).paths)) {
      for (const [method, operation] of Object.entries(operations)) {
        const { summary, tags } = operation as { summary?: string; tags?: string[] }
        assert.ok(summary && tags?.length === 1, `${method} ${path}`)
        assert.ok(
          Object.keys(operation.responses).some((status) => Number(status) < 300),
          `${method} ${path}`,
        )
      }
    }
  })
}

test('who comes to / with a browser is led to /docs', async () => {
  const { statusCode, headers } = await app.inject({ url: '/', headers: { accept: 'text/html,*/*;q=0.8' } })
  assert.deepEqual([statusCode, headers.location], [302, '/docs'])
})

test('/docs is a page that asks no other host for anything', async () => {
  const page = await app.inject('/docs')
  assert.equal(page.statusCode, 200)
  assert.match(page.headers['content-type'] as string, /text\/html/)
  const assets = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, url]) => url!)
  assert.ok(assets.length > 3)
  for (const asset of assets) assert.doesNotMatch(asset, /^(https?:)?\/\//)
})
