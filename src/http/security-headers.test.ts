import assert from 'node:assert/strict'
import { test } from 'node:test'
import fastify, { type FastifyReply } from 'fastify'
import { headersPlace, securityHeaders, setSecurityHeaders } from './security-headers.ts'

test('every answer has them, and a route may set its own', async () => {
  const app = fastify()
  setSecurityHeaders(app)
  app.get('/', async (_request, reply) => reply.header('cache-control', 'public').header('x-own', '1').send('{}'))
  const { headers } = await app.inject({ url: '/' })
  assert.match(String(headers['x-request-id']), /./)
  const { 'cache-control': kept, ...others } = securityHeaders
  assert.deepEqual([kept, headers['cache-control'], headers['x-own']], ['no-store', 'public', '1'])
  for (const [name, value] of Object.entries(others)) assert.equal(headers[name], value, name)
  const missing = await app.inject({ url: '/nothing' })
  for (const [name, value] of Object.entries(securityHeaders)) assert.equal(missing.headers[name], value, name)
})

test('Fastify keeps headers where they are put whole, and no two answers share them', async () => {
  const app = fastify()
  setSecurityHeaders(app)
  const replies: FastifyReply[] = []
  app.get('/', async (_request, reply) => {
    replies.push(reply)
    return reply.header('x-own', String(replies.length)).send('{}')
  })
  assert.equal((await app.inject({ url: '/' })).headers['x-own'], '1')
  assert.equal((await app.inject({ url: '/' })).headers['x-own'], '2')
  assert.equal(replies[0]!.getHeader('x-own'), '1')
  assert.ok(headersPlace(replies[0]!), 'it is quicker than one by one')
})
