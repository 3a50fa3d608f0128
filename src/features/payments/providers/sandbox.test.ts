import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, test } from 'node:test'
import { openTestDatabase } from '../../../../test/support/database.ts'
import { actInSandbox, type SandboxAction } from '../act-in-sandbox.ts'
import type { Attempt } from './provider.ts'
import { sandbox } from './sandbox.ts'

const { database, drop } = await openTestDatabase()
after(drop)
let ahead_ms = 0
const now = () => new Date(Date.now() + ahead_ms)
const provider = sandbox({ database, now, pageUrl: (key) => `https://tickets.example/pay/${key}` })

const anAttempt = (change: Partial<Attempt> = {}): Attempt => ({
  key: randomBytes(16).toString('hex'),
  amount: 500_000,
  currency: 'IDR',
  description: '2 × Konser',
  customer: { name: 'Ani', email: 'ani@example.com' },
  created_at: new Date(),
  expires_at: new Date(now().getTime() + 15 * 60_000),
  return_url: undefined,
  ...change,
})

async function anOpened(change: Partial<Attempt> = {}) {
  const attempt = anAttempt(change)
  const { reference } = await provider.open(attempt)
  const payment = { key: attempt.key, reference, charge: null }
  return {
    attempt,
    payment,
    act: (action: SandboxAction) => actInSandbox({ database, now }, attempt.key, action),
    state: async () => (await provider.find(payment))?.state,
    order: (key: string, amount: number) => ({
      payment,
      key: `${attempt.key} ${key}`.replace(' ', '-'),
      amount,
      paid: attempt.amount,
      currency: attempt.currency,
    }),
  }
}

const refusal = { name: 'ProviderError', kind: 'refused' }

test('opened twice, also at once, it is one payment with one page', async () => {
  const attempt = anAttempt()
  const opened = await Promise.all([provider.open(attempt), provider.open(attempt), provider.open(attempt)])
  opened.push(await provider.open(attempt))
  const { key } = attempt
  for (const one of opened) assert.deepEqual(one, { reference: key, pay_url: `https://tickets.example/pay/${key}` })
  const found = await provider.find({ key, reference: key, charge: null })
  assert.deepEqual([found?.state, found?.amount, found?.currency], ['awaiting', 500_000, 'IDR'])
  await assert.rejects(provider.open({ ...attempt, amount: 1 }), refusal)
})

for (const [what, change] of Object.entries({
  'no amount': { amount: 0 },
  'half an amount': { amount: 0.5 },
  'no currency': { currency: 'X1' },
  'a key that is none': { key: 'ключ' },
})) {
  test(`${what} is refused`, async () => assert.rejects(provider.open(anAttempt(change)), refusal))
}

test('it takes every currency from 1 on, and says so', () => {
  assert.deepEqual([provider.minimum('IDR'), provider.minimum('KWD'), provider.minimum('XX')], [1, 1, undefined])
})

test('it has never heard of what was not opened', async () => {
  const key = 'nothing'
  assert.equal(await provider.find({ key, reference: null, charge: null }), undefined)
  await provider.close({ key, reference: null, charge: null })
})

for (const [action, state] of [
  ['pay', 'paid'],
  ['decline', 'failed'],
  ['close', 'gone'],
] as const) {
  test(`${action} makes it ${state}, once and for good`, async () => {
    const one = await anOpened()
    assert.equal(await one.act(action), true)
    for (const next of ['pay', 'decline', 'close', 'pay_too_late'] as const) assert.equal(await one.act(next), false)
    await provider.close(one.payment)
    assert.equal(await one.state(), state)
  })
}

test('closed by its provider it can’t be paid; of both at once, one happens', async () => {
  const closed = await anOpened()
  await provider.close(closed.payment)
  assert.equal(await closed.act('pay'), false)
  assert.equal(await closed.state(), 'gone')
  const one = await anOpened()
  const [paid] = await Promise.all([one.act('pay'), provider.close(one.payment)])
  assert.equal(await one.state(), paid ? 'paid' : 'gone')
})

test('when its time has run out it still awaits, and is paid too late alone', async () => {
  const one = await anOpened()
  ahead_ms = 15 * 60_000
  assert.equal(await one.act('pay'), false)
  assert.equal(await one.state(), 'awaiting')
  assert.equal(await one.act('pay_too_late'), true)
  assert.equal(await one.state(), 'paid')
})

test('money goes back once for a key, and never more than was paid', async () => {
  const one = await anOpened()
  await one.act('pay')
  const half = one.order('half', 300_000)
  assert.equal(await provider.findRefund({ ...half, reference: null }), undefined)
  for (let n = 0; n < 2; n++) assert.deepEqual(await provider.refund(half), { state: 'done', reference: half.key })
  assert.deepEqual(await provider.findRefund({ ...half, reference: null }), { state: 'done', reference: half.key })
  for (const wrong of [one.order('half', 1), one.order('more', 200_001), one.order('none', 0), one.order('less', -1)]) {
    assert.equal((await provider.refund(wrong)).state, 'failed', wrong.key)
  }
  // Of two that are too much together, one goes through.
  const both = await Promise.all([one.order('a', 150_000), one.order('b', 150_000)].map(provider.refund))
  assert.deepEqual(both.map(({ state }) => state).toSorted(), ['done', 'failed'])
  assert.equal((await provider.refund(one.order('rest', 50_000))).state, 'done')
})

test('nothing goes back of what was not paid', async () => {
  const open = await anOpened()
  assert.equal((await provider.refund(open.order('1', 1))).state, 'failed')
  assert.equal(
    (await provider.refund({ ...open.order('2', 1), payment: { ...open.payment, key: 'no' } })).state,
    'failed',
  )
})

test('it sends no webhooks, so one in its name is forged', () => {
  const webhook = { headers: {}, body: Buffer.from('{}'), now: now() }
  assert.throws(() => provider.readNotice(webhook), { name: 'DomainError', code: 'webhook_forged' })
})

test('a database that can’t be reached is an answer that did not come', async () => {
  const other = await openTestDatabase()
  await other.drop()
  const dialect = { ...database.dialect, meaningOf: () => 'unavailable' as const }
  const gone = sandbox({ database: { ...other.database, dialect }, now, pageUrl: (key) => key })
  const payment = { key: 'k', reference: null, charge: null }
  for (const call of [gone.find(payment), gone.close(payment), gone.open(anAttempt())]) {
    await assert.rejects(call, { name: 'ProviderError', kind: 'unknown' })
  }
})
