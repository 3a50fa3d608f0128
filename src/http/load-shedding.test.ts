import assert from 'node:assert/strict'
import { test } from 'node:test'
import { shedFrom, sheddingGauge } from './load-shedding.ts'

for (const [method, route, expected] of [
  ['GET', '/api/v2/events', 1],
  ['GET', '/events/:id', 1],
  ['HEAD', '/bookings', 1],
  ['GET', undefined, 1],
  ['POST', '/api/v1/bookings', 2],
  ['POST', '/api/v2/auth/login', 2],
  ['PATCH', '/api/v2/events/:id', 2],
  ['POST', '/api/v2/webhooks/:provider', 3],
  ['POST', '/api/v2/check-ins', 3],
  ['PUT', '/tickets/:id/use', 3],
  ['GET', '/api/v2/events/:id/door-snapshot', 3],
  ['GET', '/healthz', 3],
  ['GET', '/readyz', 3],
  ['GET', '/metrics', 3],
] as const) {
  test(`${method} ${route ?? 'of no route'} is turned away ${expected === 3 ? 'never' : `from level ${expected} on`}`, () =>
    assert.equal(shedFrom(method, route), expected))
}

test('one long turn of the loop turns nobody away, and many do', () => {
  const gauge = sheddingGauge(100)
  assert.equal(gauge(300, 0), 0)
  assert.equal(gauge(0, 0), 0)
  assert.deepEqual(
    Array.from({ length: 3 }, () => gauge(150, 0)),
    [0, 1, 1],
  )
})

test('waiting for the database counts as much as waiting for the loop', () => {
  const gauge = sheddingGauge(100)
  for (let sample = 0; sample < 20; sample++) gauge(0, 1_000)
  assert.equal(gauge(0, 1_000), 2)
})

test('it comes down one level at a time, and only when it has been calm for a while', () => {
  const gauge = sheddingGauge(100)
  for (let sample = 0; sample < 20; sample++) gauge(1_000, 0)
  assert.equal(gauge(80, 0), 2, 'still smoothed')
  const levels = Array.from({ length: 40 }, () => gauge(0, 0))
  assert.deepEqual([levels[0], levels.at(-1), new Set(levels).size], [2, 0, 3])
  assert.ok(levels.filter((level) => level === 1).length >= 10)
})

test('a wait about the bound does not make it flutter', () => {
  const gauge = sheddingGauge(100)
  const levels = Array.from({ length: 100 }, (_, sample) => gauge(sample % 2 === 0 ? 120 : 95, 0))
  const changes = levels.filter((level, index) => index > 0 && level !== levels[index - 1]).length
  assert.equal(changes, 1)
})
