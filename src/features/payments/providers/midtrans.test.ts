import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, test } from 'node:test'
import { fakeServer, tampered, type FakeAnswer } from '../../../../test/fakes/fake-provider.ts'
import { fakeMidtrans } from '../../../../test/fakes/midtrans.ts'
import { midtrans } from './midtrans.ts'

const fake = await fakeMidtrans()
const provider = fake.provider()
let answer: FakeAnswer = [200, {}]
const script = await fakeServer(() => answer)
const serverKey = 'key'
const now = new Date('2030-01-01T05:00:00Z')
const baseUrls = { app: script.url, api: script.url }
const scripted = midtrans({ serverKey, isProduction: true, baseUrls, now: () => now, http: { retries_max: 0 } })
after(() => Promise.all([fake.stop(), script.stop()]))

const attempt = {
  key: 'a-1',
  amount: 24_145,
  currency: 'IDR',
  description: 'x'.repeat(60),
  customer: { name: 'Siti', email: 'siti@example.com' },
  created_at: new Date(),
  expires_at: new Date(now.getTime() + 14.5 * 60_000),
  return_url: undefined,
}
const payment = { key: 'a-1', reference: 'token', charge: null }

async function paid(key: string, channel: string) {
  const { reference } = await provider.open({ ...attempt, key, expires_at: new Date(Date.now() + 600_000) })
  fake.pay(key, { channel })
  return { key, reference, charge: null }
}

test('the page and what is begun on it end with the hold', async () => {
  answer = [201, { token: 't', redirect_url: 'https://app.midtrans.com/t' }]
  assert.deepEqual(await scripted.open(attempt), { reference: 't', pay_url: 'https://app.midtrans.com/t' })
  const { path, headers, body } = script.requests.at(-1)!
  assert.deepEqual(
    [path, headers.authorization],
    ['/snap/v1/transactions', `Basic ${Buffer.from('key:').toString('base64')}`],
  )
  const sent = JSON.parse(body)
  assert.deepEqual(sent.transaction_details, { order_id: 'a-1', gross_amount: 24_145 })
  assert.deepEqual(sent.page_expiry, { duration: 15, unit: 'minutes' })
  assert.deepEqual(sent.expiry, { start_time: '2030-01-01 12:00:00 +0700', duration: 15, unit: 'minutes' })
  assert.equal(sent.item_details[0].name.length, 50)
})

for (const [what, wrong] of [
  ['another currency', { currency: 'USD' }],
  ['a key that it does not take', { key: 'a b' }],
  ['a key that is too long', { key: 'x'.repeat(51) }],
] as const) {
  test(`${what} is refused before it is asked`, async () => {
    const before = script.requests.length
    await assert.rejects(scripted.open({ ...attempt, ...wrong }), { kind: 'refused' })
    assert.equal(script.requests.length, before)
  })
}

test('a page that would run a script is not handed on', async () => {
  answer = [201, { token: 't', redirect_url: 'javascript:alert(1)' }]
  await assert.rejects(scripted.open(attempt), { kind: 'unknown' })
})

test('opened again when the customer has begun, it must be asked for', async () => {
  const { key } = await paid('taken', 'qris')
  const again = provider.open({ ...attempt, key, expires_at: new Date(Date.now() + 600_000) })
  await assert.rejects(again, { kind: 'unknown' })
  assert.equal((await provider.find({ key, reference: null, charge: null }))?.state, 'paid')
})

for (const [transaction_status, fraud_status, gross_amount, expected] of [
  ['pending', 'accept', '24145.00', ['awaiting', 24_145]],
  ['authorize', 'accept', '24145.00', ['awaiting', 24_145]],
  ['capture', 'accept', '24145.00', ['paid', 24_145]],
  ['capture', 'challenge', '24145.00', ['review', 24_145]],
  ['capture', undefined, '24145.00', ['review', 24_145]],
  ['settlement', undefined, '24145.00', ['paid', 24_145]],
  ['settlement', 'deny', '24145.00', ['review', 24_145]],
  ['deny', 'deny', '24145.00', ['failed', 24_145]],
  ['failure', undefined, '24145.00', ['failed', 24_145]],
  ['cancel', 'accept', '24145.00', ['gone', 24_145]],
  ['expire', 'accept', '24145.00', ['gone', 24_145]],
  ['refund', 'accept', '24145.00', ['review', 24_145]],
  ['partial_refund', 'accept', '24145.00', ['review', 24_145]],
  ['chargeback', 'accept', '24145.00', ['review', 24_145]],
  ['something new', 'accept', '24145.00', ['review', 24_145]],
  ['settlement', 'accept', '24145', ['paid', 24_145]],
  ['settlement', 'accept', '24145.50', ['review', 0]],
  ['settlement', 'accept', '24.145,00', ['review', 0]],
  ['settlement', 'accept', undefined, ['review', 0]],
] as const) {
  test(`${transaction_status}, ${fraud_status}, ${gross_amount} is ${expected.join(' ')}`, async () => {
    // Whatever code goes with it: it tells of the payment, not of the question.
    answer = [200, { order_id: 'a-1', status_code: '407', transaction_status, fraud_status, gross_amount }]
    const found = await scripted.find(payment)
    assert.deepEqual([found?.state, found?.amount], expected)
  })
}

for (const http of [200, 404]) {
  test(`404 in the body with HTTP ${http}: the customer has not chosen how to pay`, async () => {
    answer = [http, { status_code: '404', status_message: "Transaction doesn't exist." }]
    assert.equal(await scripted.find(payment), undefined)
    await scripted.close(payment)
  })
}

test('before it settles, all of it is cancelled, and a part must wait', async () => {
  const card = await paid('card', 'credit_card')
  const order = { payment: card, key: 'r-1', amount: 24_145, paid: 24_145, currency: 'IDR' }
  await assert.rejects(provider.refund({ ...order, amount: 1_000 }), { kind: 'unknown' })
  assert.equal((await provider.refund(order)).state, 'done')
  assert.equal((await provider.refund(order)).state, 'done')
  assert.deepEqual(fake.books().get('card'), { paid: 24_145, refunded: 24_145 })

  const settled = await paid('settled', 'credit_card')
  fake.settle('settled')
  const part = { ...order, payment: settled, key: 'r-2', amount: 1_000 }
  assert.equal((await provider.refund(part)).state, 'done')
  assert.equal((await provider.findRefund({ ...part, reference: null }))?.state, 'done')
  assert.deepEqual(fake.books().get('settled'), { paid: 24_145, refunded: 1_000 })
})

test('a cancel whose answer was lost is refused the second time, and has paid back', async () => {
  const order = {
    payment: await paid('twice', 'credit_card'),
    key: 'r-3',
    amount: 24_145,
    paid: 24_145,
    currency: 'IDR',
  }
  fake.misbehave('drop after', 1, /cancel$/)
  assert.equal((await fake.provider({ sleep: async () => {} }).refund(order)).state, 'done')
  assert.deepEqual(fake.books().get('twice'), { paid: 24_145, refunded: 24_145 })
})

test('what is only reserved on a card is given up, what is captured is left alone', async () => {
  for (const [transaction_status, cancels] of [
    ['authorize', true],
    ['capture', false],
    ['settlement', false],
  ] as const) {
    const paths: string[] = []
    const server = await fakeServer(({ path }) => {
      paths.push(path)
      if (path.endsWith('expire')) return [200, { status_code: '412', status_message: 'cannot be updated' }]
      return [200, { status_code: '200', order_id: 'a-1', transaction_status, gross_amount: '24145.00' }]
    })
    await midtrans({ serverKey, isProduction: false, baseUrls: { app: server.url, api: server.url } }).close(payment)
    await server.stop()
    assert.equal(paths.includes('/v2/a-1/cancel'), cancels)
  }
})

test('a notice is signed over its order, code and amount', async () => {
  const { key } = await paid('signed', 'qris')
  const good = fake.webhook(key)
  assert.equal(provider.readNotice({ ...good, now }).attempt_key, key)
  for (const [field, value] of [
    ['order_id', 'other'],
    ['status_code', '201'],
    ['gross_amount', '24145.0'],
  ] as const) {
    const body = Buffer.from(JSON.stringify({ ...JSON.parse(good.body.toString()), [field]: value }))
    assert.throws(() => provider.readNotice({ ...good, body, now }), { code: 'webhook_forged' })
  }
  assert.throws(() => provider.readNotice({ ...good, body: tampered(good.body), now }), { code: 'webhook_forged' })
})

test('each refund is a notice of its own', () => {
  const notice = (refunds?: unknown) => {
    const [order_id, status_code, gross_amount] = ['a-1', '200', '24145.00']
    const signature_key = createHash('sha512')
      .update(order_id + status_code + gross_amount + serverKey)
      .digest('hex')
    const body = { order_id, status_code, gross_amount, signature_key, transaction_id: 't', refunds }
    return scripted.readNotice({ headers: {}, body: Buffer.from(JSON.stringify(body)), now }).event_key
  }
  const [none, one, two] = [notice(), notice([{ refund_key: '1' }]), notice([{ refund_key: '1' }, { refund_key: '2' }])]
  assert.equal(new Set([none, one, two]).size, 3)
  assert.equal(notice([{ refund_key: '1' }]), one)
})
