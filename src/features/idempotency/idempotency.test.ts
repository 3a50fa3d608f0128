import assert from 'node:assert/strict'
import { test } from 'node:test'
import pino from 'pino'
import { buildApp } from '../../app.ts'
import { startApp } from '../../../test/support/app.ts'
import { assertBooksBalance } from '../../../test/support/books.ts'
import { factories } from '../../../test/support/factories.ts'
import { createEmptyDatabase } from '../../../test/support/database.ts'
import { databaseTargetFromUrl } from '../../config.ts'
import { openDatabase } from '../../db/database.ts'
import { migrate } from '../../db/migrate.ts'
import { DomainError } from '../../lib/errors.ts'
import { once, removeOldKeys } from './idempotency.ts'

const { call, deps } = await startApp()
const { aCustomer, anEvent } = factories(deps)
const customer = await aCustomer()
const event = await anEvent({ capacity: 1_000 })
const body = { customer_id: customer.id, event_id: event.id, quantity: 2 }
const book = (key: string, change: object = {}, path = '/api/v1/bookings') =>
  call('POST', path, { ...body, ...change }, { 'idempotency-key': key })

test('the same key and body give the same answer again, on both mounts, and book once', async () => {
  const first = await book('k-1')
  assert.deepEqual([first.status, first.headers['idempotency-replayed']], [201, undefined])
  for (const path of ['/api/v1/bookings', '/bookings']) {
    const again = await book('k-1', {}, path)
    assert.deepEqual([again.status, again.headers['idempotency-replayed']], [201, 'true'])
    assert.equal(again.text, first.text)
  }
  const other = await book('k-2')
  assert.notEqual(other.body.data.id, first.body.data.id)
  await assertBooksBalance(deps.database.db)
})

test('the same key with another body is 422', async () => {
  await book('k-3')
  for (const change of [{ quantity: 3 }, { holder_names: ['A', 'B'] }, { event_id: (await anEvent()).id }]) {
    const { status, body } = await book('k-3', change)
    assert.deepEqual([status, body.error], [422, 'this Idempotency-Key was used with another request'])
  }
})

test('while the first is in flight, the second is 409; one booking is made', async () => {
  const answers = await Promise.all(Array.from({ length: 20 }, () => book('k-4')))
  const made = answers.filter(({ status }) => status === 201)
  assert.equal(new Set(made.map(({ body }) => body.data.id)).size, 1)
  for (const { status, body } of answers) {
    if (status !== 201)
      assert.deepEqual([status, body.error], [409, 'a request with this Idempotency-Key is still being processed'])
  }
  assert.ok(made.length < 20)
})

test('on two servers at once, one books and the other answers the same', async () => {
  const other = await buildApp(deps, pino({ level: 'silent' }), { auth: 'off' })
  for (let round = 0; round < 10; round++) {
    const key = `two-${round}`
    const [here, there] = await Promise.all([
      book(key),
      other.inject({ method: 'POST', url: '/bookings', payload: body, headers: { 'idempotency-key': key } }),
    ])
    assert.deepEqual([here.status, there.statusCode], [201, 201], there.body)
    assert.equal(here.text, there.body)
    const replayed = [here, there].filter(({ headers }) => headers['idempotency-replayed'] === 'true')
    assert.equal(replayed.length, 1)
  }
  await assertBooksBalance(deps.database.db)
})

test('a refusal is not kept: the same request may be tried again', async () => {
  const small = await anEvent({ capacity: 1 })
  const refused = await book('k-5', { event_id: small.id })
  assert.equal(refused.status, 409)
  await call('PUT', `/events/${small.id}`, { title: 'T', location: 'L', capacity: 5 })
  assert.equal((await book('k-5', { event_id: small.id })).status, 201)
})

for (const key of ['', 'a b', 'é', 'x'.repeat(256)]) {
  test(`the key "${key.slice(0, 20)}" is 400`, async () => {
    const { status, body } = await book(key)
    assert.deepEqual([status, body.error], [400, 'Idempotency-Key must be 1 to 255 printable ASCII characters'])
  })
}

test('an unknown outcome stays one where the database is away when it is looked for', async () => {
  const key = { scope: 'user 1', key: 'k-away', fingerprint: 'x' }
  const { url, drop } = await createEmptyDatabase()
  const database = await openDatabase(databaseTargetFromUrl(url), 1)
  await migrate(database)
  const unknown = new DomainError('outcome_unknown')
  const lost = once(database, new Set(), key, async () => {
    await database.close()
    throw unknown
  })
  await assert.rejects(lost, unknown)
  await drop()
})

test('a day later a key is gone, and those of today stay', async () => {
  await book('k-6')
  assert.equal(await removeOldKeys(deps.database, new Date()), 0)
  assert.ok((await removeOldKeys(deps.database, new Date(Date.now() + 25 * 3_600_000))) > 0)
  const again = await book('k-6')
  assert.deepEqual([again.status, again.headers['idempotency-replayed']], [201, undefined])
})
