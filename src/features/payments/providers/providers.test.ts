import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { fakeMidtrans } from '../../../../test/fakes/midtrans.ts'
import { fakeStripe } from '../../../../test/fakes/stripe.ts'
import { fakeXendit } from '../../../../test/fakes/xendit.ts'
import { fakeServer, type FakeProvider, type SentWebhook } from '../../../../test/fakes/fake-provider.ts'
import { DomainError } from '../../../lib/errors.ts'
import type { HttpOptions } from './http.ts'
import { midtrans } from './midtrans.ts'
import { ProviderError, type Attempt, type PaymentKey, type PaymentProvider, type RefundOrder } from './provider.ts'
import { stripe } from './stripe.ts'
import { xendit } from './xendit.ts'

const fakes = [await fakeMidtrans(), await fakeXendit(), await fakeStripe()]
after(() => Promise.all(fakes.map((fake) => fake.stop())))

const amount = 150_000
const http: HttpOptions = { sleep: async () => {}, timeout_ms: 5_000 }
const impatient: HttpOptions = { ...http, timeout_ms: 100 }
const unknown = { name: 'ProviderError', kind: 'unknown' }

let count = 0
const newKey = (what: string) => `${what}-${++count}`

function anAttempt({ currency }: FakeProvider, more: Partial<Attempt> = {}): Attempt {
  return {
    key: newKey('pay'),
    amount,
    currency,
    description: '2 × Umum 🎫, Konser',
    customer: { name: 'Siti Nurhaliza', email: 'siti@example.com' },
    created_at: new Date(),
    expires_at: new Date(Date.now() + 15 * 60_000),
    return_url: 'https://tickets.example.com/done',
    ...more,
  }
}

/** A payment that was opened, as our row names it. */
async function opened(fake: FakeProvider, provider: PaymentProvider, more?: Partial<Attempt>) {
  const attempt = anAttempt(fake, more)
  const { reference } = await provider.open(attempt)
  const payment: PaymentKey = { key: attempt.key, reference, charge: null }
  return payment
}

async function paid(fake: FakeProvider, provider: PaymentProvider, channel?: string): Promise<PaymentKey> {
  const payment = await opened(fake, provider)
  assert.ok(fake.pay(payment.key, { ...(channel !== undefined && { channel }) }))
  const found = await provider.find(payment)
  return { ...payment, charge: found?.charge ?? null }
}

const refundOf = ({ currency }: FakeProvider, payment: PaymentKey, back = amount): RefundOrder => ({
  payment,
  key: newKey('refund'),
  amount: back,
  paid: amount,
  currency,
})

const codeOf = (call: () => unknown): string => {
  try {
    call()
  } catch (error) {
    assert.ok(error instanceof DomainError, String(error))
    return error.code
  }
  return 'no refusal'
}

for (const fake of fakes) {
  const { name, currency } = fake
  const provider = fake.provider(http)
  const read = ({ headers, body }: SentWebhook, now = new Date()) => provider.readNotice({ headers, body, now })

  test(`${name}: a payment is opened, begun, paid and found`, async () => {
    const attempt = anAttempt(fake)
    const { reference, pay_url } = await provider.open(attempt)
    assert.match(pay_url, /^https:\/\//)
    const payment = { key: attempt.key, reference, charge: null }
    fake.begin(attempt.key)
    const awaited = await provider.find(payment)
    assert.deepEqual([awaited?.state, awaited?.amount, awaited?.currency], ['awaiting', amount, currency])
    fake.pay(attempt.key)
    const found = await provider.find(payment)
    assert.deepEqual([found?.state, found?.amount, found?.currency], ['paid', amount, currency])
    assert.ok(found?.note)
    fake.settle(attempt.key)
    assert.equal((await provider.find(payment))?.state, 'paid')
    assert.deepEqual(fake.books().get(attempt.key), { paid: amount, refunded: 0 })
  })

  test(`${name}: nothing is known of what was never opened`, async () => {
    for (const reference of [null, 'nothing']) {
      const payment = { key: newKey('never'), reference, charge: null }
      assert.equal(await provider.find(payment), undefined)
      await provider.close(payment)
    }
  })

  for (const how of ['hang after', 'drop after', 'error', 'hang'] as const) {
    test(`${name}: opened again under its key after "${how}", it is one payment`, async () => {
      const attempt = anAttempt(fake)
      fake.misbehave(how, 2, /^POST/)
      const once = fake.provider({ ...impatient, retries_max: 0 })
      await assert.rejects(once.open(attempt), unknown)
      // By now Xendit knows it, and is not asked to make another.
      const again = await once.open(attempt).catch(() => once.open(attempt))
      fake.behave()
      const payment = { key: attempt.key, reference: again.reference, charge: null }
      assert.deepEqual([fake.madeUnder(attempt.key), fake.pay(attempt.key)], [1, true])
      assert.equal((await provider.find(payment))?.state, 'paid')
      assert.deepEqual(fake.books().get(attempt.key), { paid: amount, refunded: 0 })
    })
  }

  test(`${name}: a payment is found and refunded by its key alone`, async () => {
    const { key } = await opened(fake, provider)
    const payment = { key, reference: null, charge: null }
    fake.begin(key)
    assert.equal((await provider.find(payment))?.state, 'awaiting')
    fake.pay(key)
    assert.equal((await provider.find(payment))?.state, 'paid')
    assert.equal((await provider.refund(refundOf(fake, payment))).state, 'done')
    assert.deepEqual(fake.books().get(key), { paid: amount, refunded: amount })
  })

  test(`${name}: what is closed can't be paid, and closing again does nothing`, async () => {
    for (const byKey of [true, false]) {
      const payment = await opened(fake, provider)
      fake.begin(payment.key)
      const asked = byKey ? { ...payment, reference: null } : payment
      await provider.close(asked)
      await provider.close(asked)
      assert.equal(fake.pay(payment.key), false)
      assert.equal((await provider.find(payment))?.state, 'gone')
    }
  })

  test(`${name}: what is paid stays paid when it is closed`, async () => {
    const payment = await paid(fake, provider)
    await provider.close(payment)
    assert.equal((await provider.find(payment))?.state, 'paid')
  })

  test(`${name}: what expired is gone, and paid if the money comes after all`, async () => {
    const payment = await opened(fake, provider)
    fake.expire(payment.key)
    assert.equal((await provider.find(payment))?.state, 'gone')
    assert.ok(fake.pay(payment.key, { late: true }))
    assert.equal((await provider.find(payment))?.state, 'paid')
  })

  test(`${name}: another amount and another currency are told as they are`, async () => {
    const less = await opened(fake, provider)
    fake.pay(less.key, { amount: 140_000 })
    assert.equal((await provider.find(less))?.amount, 140_000)
    const other = await opened(fake, provider)
    fake.pay(other.key, { currency: 'MYR' })
    assert.equal((await provider.find(other))?.currency, 'MYR')
  })

  test(`${name}: money goes back in parts, and never more than was paid`, async () => {
    const payment = await paid(fake, provider)
    const first = await provider.refund(refundOf(fake, payment, 50_000))
    assert.equal(first.state, 'done')
    assert.equal((await provider.refund(refundOf(fake, payment, 100_001))).state, 'failed')
    assert.equal((await provider.refund(refundOf(fake, payment, 100_000))).state, 'done')
    assert.deepEqual(fake.books().get(payment.key), { paid: amount, refunded: amount })
  })

  for (const how of ['hang after', 'drop after', 'error'] as const) {
    test(`${name}: a refund whose answer is lost ("${how}") is paid back once`, async () => {
      const payment = await paid(fake, provider)
      const order = refundOf(fake, payment, 60_000)
      fake.misbehave(how, 1, /^POST .*refunds?$/)
      await assert.rejects(fake.provider({ ...impatient, retries_max: 0 }).refund(order), unknown)
      const refunded = await provider.refund(order)
      assert.equal(refunded.state, 'done')
      assert.deepEqual(await provider.refund(order), refunded)
      assert.equal((await provider.findRefund({ ...order, reference: refunded.reference ?? null }))?.state, 'done')
      assert.deepEqual(fake.books().get(payment.key), { paid: amount, refunded: 60_000 })
    })
  }

  test(`${name}: a refund that is asked for once more at once, because its answer was lost, is done`, async () => {
    const payment = await paid(fake, provider)
    const order = refundOf(fake, payment, 60_000)
    fake.misbehave('drop after', 1, /^POST .*refunds?$/)
    assert.equal((await provider.refund(order)).state, 'done')
    assert.deepEqual(fake.books().get(payment.key), { paid: amount, refunded: 60_000 })
  })

  test(`${name}: what was not paid is not paid back`, async () => {
    const payment = await opened(fake, provider)
    assert.equal((await provider.refund(refundOf(fake, payment))).state, 'failed')
    assert.equal(fake.books().get(payment.key)?.refunded, 0)
  })

  if (fake.irreversible !== undefined) {
    test(`${name}: what came by ${fake.irreversible} goes back by hand`, async () => {
      const payment = await paid(fake, provider, fake.irreversible)
      assert.equal((await provider.refund(refundOf(fake, payment))).state, 'by_hand')
      assert.equal(fake.books().get(payment.key)?.refunded, 0)
    })
  }

  if (name !== 'midtrans') {
    for (const succeeds of [true, false]) {
      test(`${name}: a refund that takes its time is sent, then ${succeeds ? 'done' : 'failed'}`, async () => {
        const payment = await paid(fake, provider)
        fake.refundsTake('their time')
        const order = refundOf(fake, payment)
        const sent = await provider.refund(order)
        fake.refundsTake('no time')
        assert.equal(sent.state, 'sent')
        const asked = { ...order, reference: sent.reference! }
        assert.equal((await provider.findRefund(asked))?.state, 'sent')
        fake.finishRefunds(succeeds)
        assert.equal((await provider.findRefund(asked))?.state, succeeds ? 'done' : 'failed')
        assert.equal(fake.books().get(payment.key)?.refunded, succeeds ? amount : 0)
      })
    }
  }

  // Midtrans is asked by our own name alone.
  if (name !== 'midtrans')
    test(`${name}: an answer about something else is not believed`, async () => {
      const { reference } = await paid(fake, provider)
      const other = await opened(fake, provider)
      await assert.rejects(provider.find({ ...other, reference }), unknown)
    })

  test(`${name}: a webhook names its payment, and is the same however often it comes`, async () => {
    const payment = await opened(fake, provider)
    fake.begin(payment.key)
    fake.decline(payment.key)
    const early = fake.webhook(payment.key)
    fake.pay(payment.key)
    const late = fake.webhook(payment.key)
    assert.equal(read(late).attempt_key, payment.key)
    assert.deepEqual(read(late), read(fake.webhook(payment.key)))
    assert.notEqual(read(early).event_key, read(late).event_key)
    assert.match(read(late).event_key, /^[\x21-\x7e]{1,255}$/)
  })

  test(`${name}: a forged webhook is refused, and so is one without a signature`, async () => {
    const payment = await paid(fake, provider)
    assert.equal(
      codeOf(() => read(fake.webhook(payment.key, { forge: true }))),
      'webhook_forged',
    )
    const { body, headers } = fake.webhook(payment.key)
    const unsigned = Buffer.from(body.toString().replace('signature_key', 'other'))
    assert.equal(
      codeOf(() => read({ headers: {}, body: unsigned })),
      'webhook_forged',
    )
    for (const [header, value] of Object.entries(headers)) {
      if (header === 'content-type') continue
      const twice = { [header]: [value, value] }
      assert.equal(
        codeOf(() => provider.readNotice({ headers: twice, body, now: new Date() })),
        'webhook_forged',
      )
    }
  })

  test(`${name}: whatever is posted, it is read or refused`, async () => {
    const payment = await paid(fake, provider)
    const { headers, body } = fake.webhook(payment.key)
    for (const odd of [
      '',
      'null',
      '[]',
      '"text"',
      '7',
      '{',
      '{}',
      '{"id":{},"status":[],"event":1,"data":null}',
      '\0',
      '\ud800',
      '['.repeat(100_000),
      `{"a":"${'x'.repeat(1_000_000)}"}`,
      body.toString().replace(/"([\w]+)":"[^"]*"/g, '"$1":{"$1":[]}'),
      body.toString().replace(/:"[^"]*"/g, `:"${'ü'.repeat(100_000)}"`),
    ]) {
      const refusal = codeOf(() => read({ headers, body: Buffer.from(odd) }))
      assert.ok(['invalid_webhook', 'webhook_forged'].includes(refusal), `${refusal}: ${odd.slice(0, 80)}`)
    }
  })

  test(`${name}: no answer, however odd, is more than an error of the provider`, async () => {
    let answer: unknown
    const server = await fakeServer(() => [200, answer])
    const odd = providerAt(name, server.url)
    try {
      for (answer of [
        null,
        [],
        [null],
        'x',
        7,
        {},
        { status: {}, id: [] },
        { data: [null, 7] },
        [{ external_id: 7 }],
      ]) {
        const payment = { key: newKey('odd'), reference: null, charge: null }
        const order = refundOf(fake, payment)
        const calls = [
          odd.open(anAttempt(fake)),
          odd.find(payment),
          odd.find({ ...payment, reference: 'x' }),
          odd.close(payment),
          odd.refund(order),
          odd.refund({ ...order, payment: { ...payment, reference: 'x', charge: 'y' } }),
          odd.findRefund({ ...order, reference: 'x' }),
          odd.findRefund({ ...order, reference: null }),
        ]
        for (const result of await Promise.allSettled(calls)) {
          if (result.status === 'rejected') assert.ok(result.reason instanceof ProviderError, String(result.reason))
        }
      }
    } finally {
      await server.stop()
    }
  })
}

function providerAt(name: FakeProvider['name'], url: string): PaymentProvider {
  if (name === 'midtrans') {
    return midtrans({ serverKey: 'key', isProduction: false, baseUrls: { app: url, api: url }, http })
  }
  return name === 'xendit'
    ? xendit({ secretKey: 'key', callbackToken: 'token', baseUrl: url, http })
    : stripe({ secretKey: 'key', webhookSecret: 'secret', baseUrl: url, http })
}
