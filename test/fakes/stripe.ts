import { createHmac, randomUUID } from 'node:crypto'
import { stripe } from '../../src/features/payments/providers/stripe.ts'
import {
  fakeServer,
  tampered,
  type FakeAnswer,
  type FakeProvider,
  type FakeRequest,
  type SentWebhook,
  type WebhookOptions,
} from './fake-provider.ts'

const secretKey = 'sk_test_fake_key'
const webhookSecret = 'whsec_fake_secret'

type Session = {
  id: string
  key: string
  /** What goes with the payment that the session will make. */
  metadata: Record<string, string | null>
  /** As Stripe counts it. */
  amount: number
  currency: string
  status: 'open' | 'complete' | 'expired'
  isPaid: boolean
  intent: string | null
  channel: string
  error: string | null
}
type Refund = { id: string; intent: string; amount: number; status: string; metadata: Record<string, string> }

/** Stripe's decimals less ours. */
const shift = (currency: string) => (currency.toUpperCase() === 'IDR' ? 2 : 0)
const ours = (amount: number, currency: string) => amount / 10 ** shift(currency)

/**
 * Stripe: remembers under a key of idempotency what it has answered, and for which request.
 *
 * @param now a test's clock, where that is set ahead
 */
export async function fakeStripe(
  now = () => new Date(),
): Promise<FakeProvider & { sendBack: (key: string, type?: string) => SentWebhook[] }> {
  const sessions = new Map<string, Session>()
  const refunds: Refund[] = []
  const answers = new Map<string, { request: string; answer: FakeAnswer }>()
  let time: 'no time' | 'their time' = 'no time'

  const refuse = (status: number, type: string, message: string, code?: string): FakeAnswer => [
    status,
    { error: { type, message, ...(code && { code }) } },
  ]
  const invalid = (message: string, status = 400) => refuse(status, 'invalid_request_error', message)
  const paidBack = (intent: string) =>
    refunds.filter((refund) => refund.intent === intent && refund.status !== 'failed')
  const statusOf = ({ status, isPaid, error }: Session) =>
    isPaid ? 'succeeded' : error ? 'requires_payment_method' : status === 'complete' ? 'processing' : 'canceled'

  function showIntent(session: Session) {
    const back = paidBack(session.intent!).reduce((sum, { amount }) => sum + amount, 0)
    return {
      id: session.intent,
      object: 'payment_intent',
      status: statusOf(session),
      amount: session.amount,
      currency: session.currency,
      metadata: session.metadata,
      last_payment_error: session.error === null ? null : { message: session.error },
      latest_charge: session.isPaid
        ? {
            id: session.intent!.replace('pi_', 'ch_'),
            object: 'charge',
            disputed: false,
            refunded: back === session.amount,
            payment_method_details: { type: session.channel },
          }
        : null,
    }
  }

  function show(session: Session, isExpanded = false) {
    const { id, key, amount, currency, status, isPaid, intent } = session
    return {
      id,
      object: 'checkout.session',
      client_reference_id: key,
      metadata: { attempt_key: key },
      amount_total: amount,
      currency,
      status,
      payment_status: isPaid ? 'paid' : 'unpaid',
      payment_intent: intent !== null && isExpanded ? showIntent(session) : intent,
      url: status === 'open' ? `https://checkout.stripe.com/c/pay/${id}` : null,
    }
  }

  function create(form: URLSearchParams): FakeAnswer {
    const amount = Number(form.get('line_items[0][price_data][unit_amount]'))
    const currency = form.get('line_items[0][price_data][currency]')!
    if (!form.get('success_url')) return invalid('Missing required param: success_url.')
    const lives_s = Number(form.get('expires_at')) - now().getTime() / 1_000
    if (lives_s < 30 * 60) {
      return invalid('The `expires_at` timestamp must be at least 30 minutes from Checkout Session creation.')
    }
    if (lives_s > 24 * 60 * 60) {
      return invalid('The `expires_at` timestamp must be less than 24 hours from Checkout Session creation.')
    }
    if (!Number.isInteger(amount) || amount < 1) return invalid('Invalid integer: unit_amount')
    if (currency !== currency.toLowerCase()) return invalid('Invalid currency')
    const session: Session = {
      id: `cs_test_${randomUUID().replaceAll('-', '')}`,
      key: form.get('client_reference_id')!,
      metadata: { attempt_key: form.get('payment_intent_data[metadata][attempt_key]') },
      amount,
      currency,
      status: 'open',
      isPaid: false,
      intent: null,
      channel: 'card',
      error: null,
    }
    sessions.set(session.id, session)
    return [200, show(session)]
  }

  function refund(form: URLSearchParams): FakeAnswer {
    const intent = form.get('payment_intent')!
    const amount = Number(form.get('amount'))
    const session = [...sessions.values()].find((session) => session.intent === intent)
    if (!session) return invalid(`No such payment_intent: '${intent}'`, 404)
    if (!session.isPaid) return invalid('This PaymentIntent does not have a successful charge to refund.')
    const total = paidBack(intent).reduce((sum, { amount }) => sum + amount, amount)
    if (total > session.amount) {
      return refuse(400, 'invalid_request_error', 'Charge has already been refunded.', 'charge_already_refunded')
    }
    const metadata = { refund_key: form.get('metadata[refund_key]')!, attempt_key: session.key }
    const status = time === 'no time' ? 'succeeded' : 'pending'
    const made = { id: `re_${randomUUID().replaceAll('-', '')}`, intent, amount, status, metadata }
    refunds.push(made)
    return [200, showRefund(made)]
  }

  const showRefund = ({ intent, ...refund }: Refund) => ({ ...refund, object: 'refund', payment_intent: intent })
  /** A page of a list, newest first. */
  function page<One extends { id: string }>(
    fitting: One[],
    query: URLSearchParams,
    show: (one: One) => unknown,
  ): FakeAnswer {
    const all = fitting.toReversed()
    const from = all.findIndex(({ id }) => id === query.get('starting_after')) + 1
    const to = from + Math.min(100, Number(query.get('limit') ?? 10))
    return [200, { object: 'list', data: all.slice(from, to).map(show), has_more: all.length > to }]
  }

  function handle({ method, path, query, body }: FakeRequest): FakeAnswer {
    const form = new URLSearchParams(body)
    if (path === '/v1/checkout/sessions' && method === 'POST') return create(form)
    if (path === '/v1/checkout/sessions') return listSessions(query)
    if (path === '/v1/payment_intents/search') {
      const [, key] = /^metadata\['attempt_key'\]:'(.*)'$/.exec(query.get('query')!) ?? []
      const fitting = [...sessions.values()].filter((one) => one.intent !== null && one.metadata['attempt_key'] === key)
      return page(fitting, query, showIntent)
    }
    if (path === '/v1/refunds' && method === 'POST') return refund(form)
    if (path === '/v1/refunds') {
      const fitting = refunds.filter(({ intent }) => intent === query.get('payment_intent'))
      return page(fitting, query, showRefund)
    }
    const [, refund_id] = /^\/v1\/refunds\/(.+)$/.exec(path) ?? []
    if (refund_id) {
      const found = refunds.find(({ id }) => id === refund_id)
      return found ? [200, showRefund(found)] : invalid(`No such refund: '${refund_id}'`, 404)
    }
    const [, id = '', expire] = /^\/v1\/checkout\/sessions\/([^/]+)(\/expire)?$/.exec(path) ?? []
    const session = sessions.get(id)
    if (!session) return invalid(`No such checkout.session: ${id}`, 404)
    if (expire) {
      if (session.status !== 'open') return invalid('Only Checkout Sessions with a status in ["open"] can be expired.')
      session.status = 'expired'
    }
    return [200, show(session, query.has('expand[]'))]
  }

  function listSessions(query: URLSearchParams): FakeAnswer {
    const intent = query.get('payment_intent')
    const status = query.get('status')
    const fitting = [...sessions.values()].filter(
      (one) => (!intent || one.intent === intent) && (!status || one.status === status),
    )
    return page(fitting, query, (one) => show(one, query.has('expand[]')))
  }

  const server = await fakeServer((request) => {
    const { method, path, headers, body } = request
    if (headers.authorization !== `Bearer ${secretKey}`) return invalid('Invalid API Key provided: sk_****', 401)
    const key = headers['idempotency-key'] as string | undefined
    if (method !== 'POST' || key === undefined) return handle(request)
    const before = answers.get(key)
    if (before && before.request !== path + body) {
      return refuse(400, 'idempotency_error', 'Keys for idempotent requests can only be used for the same endpoint')
    }
    const answer = before?.answer ?? handle(request)
    // What fails validation is not remembered.
    if (answer[0] < 400) answers.set(key, { request: path + body, answer })
    return answer
  })

  const the = (key: string): Session => {
    const found = [...sessions.values()].findLast((session) => session.key === key)
    if (!found) throw new Error(`no session under ${key}`)
    return found
  }
  function eventOf(
    type: string,
    object: { id: string },
    { forge, tamper, at = new Date() }: WebhookOptions = {},
  ): SentWebhook {
    // The same event keeps its id, however often it is sent.
    const id = `evt_${createHmac('sha256', 'events')
      .update(object.id + type)
      .digest('hex')
      .slice(0, 24)}`
    const body = Buffer.from(JSON.stringify({ id, object: 'event', type, data: { object } }))
    const t = Math.floor(at.getTime() / 1_000)
    const v1 = createHmac('sha256', forge ? 'somebody' : webhookSecret)
      .update(`${t}.`)
      .update(body)
      .digest('hex')
    return {
      headers: { 'content-type': 'application/json', 'stripe-signature': `t=${t},v1=${v1},v0=old` },
      body: tamper ? tampered(body) : body,
    }
  }
  const newIntent = () => `pi_${randomUUID().replaceAll('-', '')}`

  return {
    ...server,
    name: 'stripe',
    currency: 'USD',
    irreversible: undefined,
    provider: (http) => stripe({ secretKey, webhookSecret, baseUrl: server.url, ...(http && { http }) }),
    begin(key) {
      the(key)
    },
    pay(key, { amount, currency, channel = 'card', late } = {}) {
      const session = the(key)
      if (session.isPaid || (session.status === 'expired' && !late)) return false
      session.currency = currency?.toLowerCase() ?? session.currency
      session.amount = amount === undefined ? session.amount : amount * 10 ** shift(session.currency)
      Object.assign(session, { status: 'complete', isPaid: true, error: null, channel })
      session.intent ??= newIntent()
      return true
    },
    // By a bank, after the customer was done: a card that is declined leaves the session open.
    decline(key) {
      const session = the(key)
      session.intent ??= newIntent()
      Object.assign(session, { status: 'complete', error: 'The customer has not enough money.' })
    },
    expire: (key) => (the(key).status = 'expired'),
    settle() {},
    refundsTake: (taken) => (time = taken),
    finishRefunds(succeed = true) {
      for (const refund of refunds) {
        if (refund.status === 'pending') refund.status = succeed ? 'succeeded' : 'failed'
      }
    },
    webhook(key, options) {
      const session = the(key)
      const type = session.isPaid
        ? 'checkout.session.completed'
        : session.status === 'expired'
          ? 'checkout.session.expired'
          : 'checkout.session.async_payment_failed'
      return eventOf(type, show(session), options)
    },
    // By the bank of whoever was paid back, long after it was done.
    sendBack(key, type = 'refund.failed') {
      const own = refunds.filter(({ metadata }) => metadata['attempt_key'] === key)
      return own.map((refund) => {
        refund.status = 'failed'
        return eventOf(type, showRefund(refund), { at: now() })
      })
    },
    books() {
      const books = new Map<string, { paid: number; refunded: number }>()
      for (const session of sessions.values()) {
        const { paid, refunded } = books.get(session.key) ?? { paid: 0, refunded: 0 }
        const back = refunds.filter(({ intent, status }) => intent === session.intent && status === 'succeeded')
        books.set(session.key, {
          paid: paid + (session.isPaid ? ours(session.amount, session.currency) : 0),
          refunded: refunded + back.reduce((sum, { amount }) => sum + ours(amount, session.currency), 0),
        })
      }
      return books
    },
    madeUnder: (key) => [...sessions.values()].filter((session) => session.key === key).length,
  }
}
