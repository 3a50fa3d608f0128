import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startApp } from '../support/app.ts'

const deprecated = new Date('2027-01-31T00:00:00Z')
const sunset = new Date('2027-12-31T00:00:00Z')

const saysOf = async ({ call }: Awaited<ReturnType<typeof startApp>>, path: string) => {
  const { headers } = await call('GET', path)
  return [headers['deprecation'], headers['sunset']]
}
const both = ['@1801353600', 'Fri, 31 Dec 2027 00:00:00 GMT']
const nothing = [undefined, undefined]

test('nothing goes out of use unless it is said', async () => {
  const started = await startApp()
  for (const path of ['/api/v1/events', '/events', '/api/v2/events'])
    assert.deepEqual(await saysOf(started, path), nothing)
})

test('version 1 goes out of use under both its paths, and version 2 stays', async () => {
  const started = await startApp({}, { sunsets: { v1: { deprecated, sunset } } })
  for (const path of ['/api/v1/events', '/events', '/api/v1/events/999']) {
    assert.deepEqual(await saysOf(started, path), both, path)
  }
  for (const path of ['/api/v2/events', '/api/v2/events?limit=1', '/api/v2/events/999', '/api/v2/nothing']) {
    assert.deepEqual(await saysOf(started, path), nothing, path)
  }
})

test('version 2 can go out of use without a last day', async () => {
  const started = await startApp({}, { sunsets: { v2: { deprecated, sunset: undefined } } })
  assert.deepEqual(await saysOf(started, '/api/v2/events'), [both[0], undefined])
  assert.deepEqual(await saysOf(started, '/api/v1/events'), nothing)
})
