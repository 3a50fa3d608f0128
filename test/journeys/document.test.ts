import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Validator } from '@seriousme/openapi-schema-validator'
import { startApp } from '../support/app.ts'

const { app } = await startApp()

test('/openapi.json is a valid OpenAPI 3.1 document with every route of version 1', async () => {
  const answer = await app.inject('/openapi.json')
  const document = answer.json<{ openapi: string; paths: Record<string, Record<string, unknown>> }>()
  assert.equal(document.openapi, '3.1.0')
  const { valid, errors } = await new Validator().validate(structuredClone(document))
  assert.ok(valid, JSON.stringify(errors))
  const routes = Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path.replace('/api/v1', '')}`),
  )
  assert.deepEqual(routes.toSorted(), [
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
  ])
})

test('every answer has an example, or a schema whose fields have', async () => {
  const { paths } = (await app.inject('/openapi.json')).json<{
    paths: Record<string, Record<string, { responses: Record<string, { content: object }> }>>
  }>()
  for (const [path, operations] of Object.entries(paths)) {
    for (const [method, { responses }] of Object.entries(operations)) {
      for (const [status, { content }] of Object.entries(responses)) {
        if (Number(status) >= 400) assert.match(JSON.stringify(content), /"examples?":/, `${method} ${path} ${status}`)
      }
    }
  }
})

test('/docs is a page that asks no other host for anything', async () => {
  const page = await app.inject('/docs')
  assert.equal(page.statusCode, 200)
  assert.match(page.headers['content-type'] as string, /text\/html/)
  const assets = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, url]) => url!)
  assert.ok(assets.length > 3)
  for (const asset of assets) assert.doesNotMatch(asset, /^(https?:)?\/\//)
})
