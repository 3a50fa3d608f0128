import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { fakeXendit } from '../../../../test/fakes/xendit.ts'

const fake = await fakeXendit()
const provider = fake.provider()
after(fake.stop)

const attempt = {
  key: 'a-1',
  amount: 24_145,
  currency: 'IDR',
  description: 'Konser',
  customer: { name: 'Siti', email: 'siti@example.com' },
  created_at: new Date(),
  expires_at: new Date(Date.now() + 900_000),
  return_url: undefined,
}
const sent = () => JSON.parse(fake.requests.findLast(({ method }) => method === 'POST')!.body)

test('an amount with decimals goes out and comes back exactly', async () => {
  const { reference } = await provider.open({ ...attempt, key: 'php', amount: 123_457, currency: 'PHP' })
  assert.equal(sent().amount, 1_234.57)
  fake.pay('php')
  const payment = { key: 'php', reference, charge: null }
  assert.deepEqual((await provider.find(payment))?.amount, 123_457)
  const order = { payment, key: 'r-php', amount: 1, paid: 123_457, currency: 'PHP' }
  assert.equal((await provider.refund(order)).state, 'done')
  assert.deepEqual([sent().amount, sent().reason], [0.01, 'CANCELLATION'])
  assert.deepEqual(fake.books().get('php'), { paid: 123_457, refunded: 1 })
})

test('the invoice ends with the hold', async () => {
  await provider.open({ ...attempt, key: 'ends' })
  assert.ok(sent().invoice_duration > 880 && sent().invoice_duration <= 900)
})

test('an attempt that has expired is not opened a second time', async () => {
  const first = await provider.open({ ...attempt, key: 'once' })
  fake.expire('once')
  assert.deepEqual(await provider.open({ ...attempt, key: 'once' }), first)
  assert.equal(fake.madeUnder('once'), 1)
})

test('an invoice whose answer is lost is not made again at once, but looked for', async () => {
  fake.misbehave('drop after', 1, /^POST/)
  await assert.rejects(provider.open({ ...attempt, key: 'lost' }), { kind: 'unknown' })
  await provider.open({ ...attempt, key: 'lost' })
  assert.equal(fake.madeUnder('lost'), 1)
})

test('of two invoices that were made after all, the paid one counts, and the other is closed', async () => {
  const payment = { key: 'two', reference: null, charge: null }
  const first = await provider.open({ ...attempt, key: 'two' })
  const { headers, body } = fake.requests.at(-1)!
  await fetch(`${fake.url}/v2/invoices`, {
    method: 'POST',
    headers: { authorization: headers.authorization! },
    body,
  })
  assert.equal(fake.madeUnder('two'), 2)
  fake.pay('two')
  const found = await provider.find(payment)
  assert.equal(found?.state, 'paid')
  assert.notEqual(found?.reference, first.reference)
  await provider.close(payment)
  assert.equal((await provider.find({ ...payment, reference: first.reference }))?.state, 'gone')
  assert.equal((await provider.find(payment))?.state, 'paid')
})

test('a currency that it does not take is refused before it is asked', async () => {
  const before = fake.requests.length
  await assert.rejects(provider.open({ ...attempt, currency: 'EUR' }), { kind: 'refused' })
  assert.equal(fake.requests.length, before)
  assert.deepEqual([provider.minimum('EUR'), provider.minimum('constructor')], [undefined, undefined])
})

test('the token decides, whatever the body says', () => {
  const read = (token: string, body: unknown) =>
    provider.readNotice({
      headers: { 'x-callback-token': token },
      body: Buffer.from(JSON.stringify(body)),
      now: new Date(),
    })
  const token = fake.webhook('php').headers['x-callback-token']!
  const invoice = { id: 'i', external_id: 'a-1', status: 'PAID' }
  assert.deepEqual(read(token, invoice), { event_key: 'invoice/i/PAID', attempt_key: 'a-1' })
  for (const wrong of [`${token}x`, token.slice(1), token.toUpperCase(), '']) {
    assert.throws(() => read(wrong, invoice), { code: 'webhook_forged' })
  }
  const refund = { id: 'rfd-1', status: 'SUCCEEDED', invoice_id: 'i', metadata: { attempt_key: 'a-1' } }
  const known = { event_key: 'refund.succeeded/rfd-1/SUCCEEDED', attempt_key: 'a-1' }
  assert.deepEqual(read(token, { event: 'refund.succeeded', data: refund }), known)
  assert.deepEqual(read(token, { event: 'refund.succeeded', data: { data: refund } }), known)
  const byHand = { event: 'refund.failed', data: { ...refund, metadata: null } }
  assert.equal(read(token, byHand).attempt_key, undefined)
  assert.throws(() => read(token, { event: 'refund.failed', data: {} }), { code: 'invalid_webhook' })
})
