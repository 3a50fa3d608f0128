import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { fakeServer, type FakeAnswer } from '../../../../test/fakes/fake-provider.ts'
import { breaker } from './breaker.ts'
import { bearer, httpClient, type HttpOptions } from './http.ts'
import { ProviderError } from './provider.ts'

const secret = 'sk_very_secret'
let answer: FakeAnswer = [200, { good: true }]
const server = await fakeServer(() => answer)
after(server.stop)

function client(options: HttpOptions = {}) {
  const sleeps: number[] = []
  const made = httpClient(
    'Tester',
    bearer(secret),
    secret,
    (status, body) => ({ status, message: (body as { message?: string }).message }),
    {
      sleep: async (ms) => sleeps.push(ms),
      random: () => 0.5,
      breaker: breaker('Tester', { failures_max: 1_000 }),
      ...options,
    },
  )
  const before = server.requests.length
  return { ...made, sleeps, calls: () => server.requests.length - before }
}

const get = { method: 'GET', url: server.url } as const
const kindOf = (kind: ProviderError['kind']) => (error: unknown) => {
  assert.ok(error instanceof ProviderError, String(error))
  assert.equal(error.kind, kind)
  assert.ok(!error.message.includes(secret) && error.message.length < 300, error.message)
  return true
}

for (const how of ['error', 'too many', 'garbage', 'huge', 'drop', 'drop after'] as const) {
  test(`after "${how}" a call is made again, with growing random pauses`, async () => {
    server.misbehave(how, 2)
    const { ask, sleeps, calls } = client()
    assert.deepEqual(await ask(get), { good: true })
    assert.deepEqual([calls(), sleeps], [3, [100, 200]])
  })

  test(`"${how}" without end is an unknown outcome, after so many tries`, async () => {
    server.misbehave(how, 3)
    const { ask, calls } = client()
    await assert.rejects(ask(get), kindOf('unknown'))
    assert.equal(calls(), 3)
  })
}

test('what hangs is given up in time, and not asked again', async () => {
  server.misbehave('hang')
  const { ask, calls } = client({ timeout_ms: 50 })
  await assert.rejects(ask(get), kindOf('unknown'))
  assert.equal(calls(), 1)
})

test('what has no key is not made again', async () => {
  server.misbehave('drop after')
  const { ask, calls } = client()
  await assert.rejects(ask({ ...get, once: true }), kindOf('unknown'))
  assert.equal(calls(), 1)
})

test('a refusal is not asked again, and told without the key, in one short line', async () => {
  answer = [400, { message: `no: ${secret}\n${'x'.repeat(5_000)}` }]
  const { ask, calls } = client()
  await assert.rejects(ask(get), (error: Error) => kindOf('refused')(error) && !error.message.includes('\n'))
  assert.equal(calls(), 1)
  answer = [200, { good: true }]
})

test('a wrong key of ours is no refusal of what was asked', async () => {
  answer = [401, { message: `invalid key ${secret}` }]
  await assert.rejects(client().ask(get), kindOf('unknown'))
  answer = [200, { good: true }]
})

test('a redirect is not followed: it would carry the key away', async () => {
  answer = [307, {}, { location: `${server.url}/elsewhere` }]
  const { ask, calls } = client({ retries_max: 0 })
  await assert.rejects(ask(get), kindOf('unknown'))
  assert.equal(calls(), 1)
  answer = [200, { good: true }]
})

test('only failures in a row open the circuit', async () => {
  const { ask } = client({ breaker: breaker('Tester', { failures_max: 3 }), retries_max: 0 })
  for (let round = 0; round < 3; round++) {
    server.misbehave('error', 2)
    for (let time = 0; time < 2; time++) await assert.rejects(ask(get), /answered 500/)
    assert.deepEqual(await ask(get), { good: true })
  }
})

test('a provider that is down is not asked for a while, then once, then as before', async () => {
  let now = 0
  const guard = breaker('Tester', { failures_max: 3, open_ms: 1_000, now: () => now })
  const { ask, calls, sleeps } = client({ breaker: guard, retries_max: 0 })
  server.misbehave('error', 4)
  for (let time = 0; time < 3; time++) await assert.rejects(ask(get), kindOf('unknown'))
  await assert.rejects(ask(get), /not asked for a moment/)
  assert.equal(calls(), 3)

  now = 1_000
  await assert.rejects(ask(get), /answered 500/)
  await assert.rejects(ask(get), /not asked for a moment/)
  assert.equal(calls(), 4)

  now = 2_000
  const [trial, other] = await Promise.allSettled([ask(get), ask(get)])
  assert.deepEqual([trial.status, other.status, calls()], ['fulfilled', 'rejected', 5])
  assert.deepEqual(await ask(get), { good: true })
  assert.deepEqual(sleeps, [])
})

test('refusals are answers: they do not open the circuit', async () => {
  answer = [404, { message: 'not found' }]
  const { ask } = client({ breaker: breaker('Tester', { failures_max: 2 }) })
  for (let time = 0; time < 5; time++) await assert.rejects(ask(get), kindOf('refused'))
  answer = [200, { good: true }]
  assert.deepEqual(await ask(get), { good: true })
})
