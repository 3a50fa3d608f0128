import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { after, test } from 'node:test'
import { tampered } from '../../../../test/fakes/fake-provider.ts'
import { fakeStripe } from '../../../../test/fakes/stripe.ts'
import { stripe } from './stripe.ts'

const fake = await fakeStripe()
const provider = fake.provider()
after(fake.stop)

const attempt = {
  key: 'a-1',
  amount: 5_000,
  currency: 'USD',
  description: 'Konser',
  customer: { name: 'Siti', email: 'siti@example.com' },
  created_at: new Date(),
  expires_at: new Date(Date.now() + 900_000),
  return_url: undefined,
}
const sent = () => new URLSearchParams(fake.requests.findLast(({ method }) => method === 'POST')!.body)

for (const [currency, amount, theirs] of [
  ['IDR', 24_145, '2414500'],
  ['JPY', 500, '500'],
  ['USD', 1_234, '1234'],
  ['KWD', 5_120, '5120'],
  ['ISK', 5, '500'],
  ['UGX', 5, '500'],
] as const) {
  test(`${amount} of ${currency} is ${theirs} there, and comes back`, async () => {
    const key = `in-${currency}`
    const { reference } = await provider.open({ ...attempt, key, amount, currency })
    assert.equal(sent().get('line_items[0][price_data][unit_amount]'), theirs)
    const found = await provider.find({ key, reference, charge: null })
    assert.deepEqual([found?.amount, found?.currency], [amount, currency])
  })
}

for (const [currency, amount] of [
  ['KWD', 5_124],
  ['IDR', Number.MAX_SAFE_INTEGER],
] as const) {
  test(`${amount} of ${currency} can't be said there, so it is refused and not rounded`, async () => {
    const before = fake.requests.length
    await assert.rejects(provider.open({ ...attempt, amount, currency }), { kind: 'refused' })
    assert.equal(fake.requests.length, before)
  })
}

test('a part of a rupiah is for a person to look at', async () => {
  const { reference } = await provider.open({ ...attempt, key: 'sen', amount: 20_000, currency: 'IDR' })
  fake.pay('sen', { amount: 20_000.5 })
  const found = await provider.find({ key: 'sen', reference, charge: null })
  assert.deepEqual([found?.state, found?.amount], ['review', 0])
})

test('what is sent depends on the attempt alone, so its key is good for asking again', async () => {
  const first = await provider.open({ ...attempt, key: 'again' })
  const before = sent().toString()
  await new Promise((resolve) => setTimeout(resolve, 5))
  assert.deepEqual(await provider.open({ ...attempt, key: 'again' }), first)
  assert.equal(sent().toString(), before)
  assert.ok(sent().get('success_url')?.startsWith('https://'))
  const { headers } = fake.requests.at(-1)!
  assert.equal(headers['idempotency-key'], 'again')
  assert.ok(Number(sent().get('expires_at')) * 1_000 >= attempt.expires_at.getTime() + 30 * 60_000)
  // Used for something else, the key was used: it must be asked what became of it.
  await assert.rejects(provider.open({ ...attempt, key: 'again', amount: 5_001 }), { kind: 'unknown' })
})

test('what was opened and not heard of is found, whatever has changed since', async () => {
  const key = 'renamed'
  fake.misbehave('drop after', 1, /^POST/)
  await assert.rejects(fake.provider({ retries_max: 0 }).open({ ...attempt, key }), { kind: 'unknown' })
  const opened = await provider.open({
    ...attempt,
    key,
    description: 'Konser, moved',
    customer: { name: 'Siti N.', email: 'siti.n@example.com' },
    return_url: 'https://tickets.example.com/done',
  })
  assert.equal(fake.madeUnder(key), 1)
  assert.equal((await provider.find({ key, reference: opened.reference, charge: null }))?.state, 'awaiting')
  fake.expire(key)
  await assert.rejects(provider.open({ ...attempt, key, description: 'Konser, again' }), { kind: 'unknown' })
  assert.equal(fake.madeUnder(key), 1)
})

test('a page lives for half an hour more than the hold, and for a day at most', async () => {
  const now = Date.now()
  for (const [hold_ms, lives_ms] of [
    [0, 31 * 60_000],
    [900_000, 900_000 + 31 * 60_000],
    [2 * 86_400_000, 86_400_000 - 60_000],
  ] as const) {
    const times = { created_at: new Date(now), expires_at: new Date(now + hold_ms) }
    await provider.open({ ...attempt, ...times, key: `held-${hold_ms}` })
    assert.equal(Number(sent().get('expires_at')), Math.floor((now + lives_ms) / 1_000))
  }
})

test('an open session is found by its key among very many', async () => {
  await provider.open({ ...attempt, key: 'first' })
  for (let each = 0; each < 120; each++) await provider.open({ ...attempt, key: `many-${each}` })
  assert.equal((await provider.find({ key: 'first', reference: null, charge: null }))?.state, 'awaiting')
})

test('what a bank has not decided is awaited, and what it declines has failed', async () => {
  const { reference } = await provider.open({ ...attempt, key: 'bank' })
  fake.decline('bank')
  const found = await provider.find({ key: 'bank', reference, charge: null })
  assert.deepEqual([found?.state, found?.note], ['failed', 'The customer has not enough money.'])
})

test('a refund is found by our key when Stripe has long forgotten it', async () => {
  const { reference } = await provider.open({ ...attempt, key: 'old' })
  fake.pay('old')
  const charge = (await provider.find({ key: 'old', reference, charge: null }))!.charge!
  const order = { payment: { key: 'old', reference, charge }, key: 'r-old', amount: 100, paid: 5_000, currency: 'USD' }
  const first = await provider.refund(order)
  const posts = () => fake.requests.filter(({ method, path }) => method === 'POST' && path === '/v1/refunds').length
  const before = posts()
  assert.deepEqual([await provider.refund(order), posts()], [first, before])
})

test('a refund is found among very many, and one more can be made', async () => {
  const { reference } = await provider.open({ ...attempt, key: 'parts' })
  fake.pay('parts')
  const charge = (await provider.find({ key: 'parts', reference, charge: null }))!.charge!
  const payment = { key: 'parts', reference, charge }
  const part = (n: number) => ({ payment, key: `part-${n}`, amount: 10, paid: 5_000, currency: 'USD' })
  const first = await provider.refund(part(0))
  for (let n = 1; n < 220; n++) await provider.refund(part(n))
  const posts = fake.requests.filter(({ method }) => method === 'POST').length
  assert.deepEqual(await provider.refund(part(0)), first)
  assert.equal(fake.requests.filter(({ method }) => method === 'POST').length, posts)
  assert.deepEqual(fake.books().get('parts'), { paid: 5_000, refunded: 2_200 })
})

test('a signature is good for five minutes, over these very bytes', async () => {
  await provider.open({ ...attempt, key: 'signed' })
  fake.pay('signed')
  const now = new Date('2030-01-01T00:00:00Z')
  const webhook = fake.webhook('signed', { at: now })
  const at = (seconds: number) => new Date(now.getTime() + seconds * 1_000)
  const forged = { code: 'webhook_forged' }
  assert.equal(provider.readNotice({ ...webhook, now: at(300) }).attempt_key, 'signed')
  assert.equal(provider.readNotice({ ...webhook, now: at(-300) }).attempt_key, 'signed')
  assert.throws(() => provider.readNotice({ ...webhook, now: at(301) }), forged)
  assert.throws(() => provider.readNotice({ ...webhook, now: at(-301) }), forged)
  assert.throws(() => provider.readNotice({ ...webhook, body: tampered(webhook.body), now }), forged)
  const spaced = Buffer.concat([webhook.body, Buffer.from(' ')])
  assert.throws(() => provider.readNotice({ ...webhook, body: spaced, now }), forged)
  for (const header of ['', 't=1', 'v1=a', 't=x,v1=a', `t=${now.getTime() / 1_000}`, ',,,===', 't=,v1=']) {
    assert.throws(() => provider.readNotice({ ...webhook, headers: { 'stripe-signature': header }, now }), forged)
  }
})

test('while its secret is replaced, one of several signatures is enough', () => {
  const now = new Date()
  const t = Math.floor(now.getTime() / 1_000)
  const sign = (body: Buffer) => createHmac('sha256', 'new').update(`${t}.`).update(body).digest('hex')
  const renewed = stripe({ secretKey: 'key', webhookSecret: 'new' })
  const read = (event: unknown) => {
    const body = Buffer.from(JSON.stringify(event))
    return renewed.readNotice({ headers: { 'stripe-signature': `t=${t},v1=bad,v1=${sign(body)}` }, body, now })
  }
  const object = { object: 'refund', metadata: { attempt_key: 'a-1' } }
  assert.deepEqual(read({ id: 'evt_1', data: { object } }), { event_key: 'evt_1', attempt_key: 'a-1' })
  assert.deepEqual(read({ id: 'evt_2', data: null }), { event_key: 'evt_2', attempt_key: undefined })
  assert.throws(() => read({ data: { object } }), { code: 'invalid_webhook' })
})
