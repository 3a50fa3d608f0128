import { createHmac } from 'node:crypto'
import { DomainError } from '../../../lib/errors.ts'
import { isCurrency, minorDigits } from '../../../lib/money.ts'
import { isSame } from '../../../lib/same.ts'
import {
  attemptKey,
  cut,
  eventKey,
  fieldsOf,
  headerOf,
  jsonOf,
  listOf,
  needText,
  needUrl,
  noteOf,
  refundKey,
  textOf,
} from './fields.ts'
import { bearer, httpClient, type HttpAnswer, type HttpOptions, type ReadAnswer } from './http.ts'
import {
  ProviderError,
  type Attempt,
  type Found,
  type PaymentKey,
  type PaymentProvider,
  type Refunded,
  type RefundOrder,
} from './provider.ts'

export type StripeOptions = Readonly<{
  secretKey: string
  /** Of the endpoint that Stripe sends its webhooks to. */
  webhookSecret: string
  /**
   * Where customers are sent who have nowhere to return to: Stripe makes no page without such an address. An operator
   * who sells without a site of their own leaves it, and they end on Stripe's.
   */
  returnUrl?: string
  baseUrl?: string
  http?: HttpOptions
}>

type Fields = Readonly<Record<string, unknown>>

/** Of what version the answers are, whatever the account's own is. */
const api_version = '2024-06-20'
/** A session lives for half an hour at least; a minute more for clocks that differ and answers that take their time. */
const session_ms_min = 31 * 60_000
/** And for a day at most, less the same minute: of a hold that is longer, another payment is opened after that. */
const session_ms_max = (24 * 60 - 1) * 60_000
const tolerance_s = 300
const signatures_max = 10
const page_size = 100
/** Enough for the refunds of a payment: a booking has 1,000 tickets at most, and each may go back by itself. */
const pages_max = 10

/**
 * Stripe, by its payment page (Checkout): https://docs.stripe.com/api/checkout/sessions
 *
 * Our key is Stripe's key of idempotency, which it remembers for a day, longer than a page lives. So `open` under the
 * same key is the sure way to learn of a session whose answer was lost, and what it sends depends on the attempt alone,
 * never on the clock: a request that differs is refused. The page outlives the hold for that; `close` ends it. Where a
 * title, a name, an address or the way back has changed since, the session is looked for among those that are open.
 */
export function stripe({
  secretKey,
  webhookSecret,
  returnUrl = 'https://stripe.com/',
  baseUrl = 'https://api.stripe.com',
  http,
}: StripeOptions): PaymentProvider {
  const client = httpClient('Stripe', bearer(secretKey), secretKey, readAnswer, http)
  const sessions = `${baseUrl}/v1/checkout/sessions`
  const version = { 'stripe-version': api_version }

  const get = (url: string, query: Record<string, string> = {}) =>
    client.send({ method: 'GET', url: `${url}?${new URLSearchParams(query).toString()}`, headers: version })

  const post = (url: string, form: Record<string, string>, key?: string) =>
    client.send({ method: 'POST', url, form, headers: { ...version, ...(key && { 'idempotency-key': key }) } })

  async function list(url: string, query: Record<string, string>) {
    const answer = await get(url, query)
    if (answer.status >= 400) throw client.refusal(answer)
    const { data, has_more } = fieldsOf(answer.body)
    return { data: listOf(data).map(fieldsOf), has_more: has_more === true }
  }

  /**
   * The first that fits, newest first, page by page.
   *
   * @throws ProviderError `unknown` if it is not among the first pages and there are more
   */
  async function findListed(
    url: string,
    query: Record<string, string>,
    fits: (listed: Fields) => boolean,
  ): Promise<Fields | undefined> {
    let after: string | undefined
    for (let page = 0; page < pages_max; page++) {
      const { data, has_more } = await list(url, {
        ...query,
        limit: String(page_size),
        ...(after && { starting_after: after }),
      })
      const found = data.find(fits)
      if (found || !has_more) return found
      after = needText('Stripe', data.at(-1), 'id')
    }
    throw new ProviderError('unknown', 'Stripe has more to list than can be looked through')
  }

  async function findSession(payment: PaymentKey): Promise<Fields | undefined> {
    if (payment.reference === null) return findByKey(payment.key)
    const answer = await get(`${sessions}/${encodeURIComponent(payment.reference)}`, {
      'expand[]': 'payment_intent.latest_charge',
    })
    if (answer.status === 404) return undefined
    if (answer.status >= 400) throw client.refusal(answer)
    const session = fieldsOf(answer.body)
    if (session['client_reference_id'] !== payment.key) {
      throw new ProviderError('unknown', 'Stripe answered about another payment')
    }
    return session
  }

  /**
   * Sessions can't be searched, but payments can, up to a minute after they are made: whatever was paid is found that
   * way. What was not is among those still open. https://docs.stripe.com/search#data-freshness
   */
  async function findByKey(key: string): Promise<Fields | undefined> {
    const query = `metadata['attempt_key']:'${key.replace(/[\\']/g, '\\$&')}'`
    const payments = await list(`${baseUrl}/v1/payment_intents/search`, { query, limit: '10' })
    // One that succeeded before one that did not: a customer may try several cards.
    for (const payment of payments.data.toSorted((a, b) => Number(hasSucceeded(b)) - Number(hasSucceeded(a)))) {
      const found = await list(sessions, {
        payment_intent: needText('Stripe', payment, 'id'),
        'expand[]': 'data.payment_intent.latest_charge',
      })
      if (found.data[0]) return found.data[0]
    }
    return findListed(sessions, { status: 'open' }, ({ client_reference_id }) => client_reference_id === key)
  }

  async function chargeOf(payment: PaymentKey): Promise<string | undefined> {
    if (payment.charge !== null) return payment.charge
    const session = await findSession(payment)
    return session && intentOf(session).id
  }

  /** Looked for, because Stripe forgets a key after a day, and an order may wait longer. */
  async function findRefund(payment_intent: string, key: string): Promise<Refunded | undefined> {
    const isOurs = ({ metadata }: Fields) => fieldsOf(metadata)['refund_key'] === key
    const found = await findListed(`${baseUrl}/v1/refunds`, { payment_intent }, isOurs)
    return found && refundedOf(found)
  }

  async function refund({ payment, key, amount, currency }: RefundOrder): Promise<Refunded> {
    const payment_intent = await chargeOf(payment)
    if (payment_intent === undefined) return { state: 'failed', note: 'Stripe knows no payment to refund' }
    const before = await findRefund(payment_intent, key)
    if (before) return before
    const answer = await post(
      `${baseUrl}/v1/refunds`,
      {
        payment_intent,
        amount: String(toStripe(amount, currency)),
        reason: 'requested_by_customer',
        'metadata[refund_key]': key,
        'metadata[attempt_key]': payment.key,
      },
      key,
    )
    if (answer.status >= 400) return { state: 'failed', note: refusalOf(answer).message }
    return refundedOf(fieldsOf(answer.body))
  }

  /**
   * A key that was used for something else was used: what became of it must be asked.
   *
   * @throws ProviderError `unknown` in that case
   */
  function refusalOf(answer: HttpAnswer): ProviderError {
    const refusal = client.refusal(answer)
    if (isOtherwiseUsed(answer)) throw new ProviderError('unknown', refusal.message)
    return refusal
  }

  /**
   * What was opened under this key before anything of it had changed. Never another one in its place: the customer may
   * have both then, and pay both.
   */
  async function findOpened({ key, amount, currency }: Attempt): Promise<Fields | undefined> {
    const session = await findByKey(key)
    const found = session && foundOf(session)
    const isTheSame = found?.state === 'awaiting' && found.amount === amount && found.currency === currency
    return isTheSame ? session : undefined
  }

  return {
    name: 'stripe',
    minimum: (currency) => (isCurrency(currency) ? (minimums[currency] ?? 1) : undefined),

    async open(attempt) {
      const answer = await post(sessions, sessionOf(attempt, returnUrl), attempt.key)
      const session = answer.status < 400 ? answer.body : isOtherwiseUsed(answer) && (await findOpened(attempt))
      if (!session) throw refusalOf(answer)
      return { reference: needText('Stripe', session, 'id'), pay_url: needUrl('Stripe', session, 'url') }
    },

    async find(payment) {
      const session = await findSession(payment)
      return session && foundOf(session)
    },

    async close(payment) {
      const reference = payment.reference ?? textOf((await findSession(payment))?.['id'])
      if (reference === undefined) return
      const answer = await post(`${sessions}/${encodeURIComponent(reference)}/expire`, {})
      if (answer.status < 400) return
      const session = await findSession({ ...payment, reference })
      if (session?.['status'] === 'open') throw client.refusal(answer)
    },

    refund,

    async findRefund({ payment, key, reference }) {
      if (reference === null) {
        const payment_intent = await chargeOf(payment)
        return payment_intent === undefined ? undefined : findRefund(payment_intent, key)
      }
      const answer = await get(`${baseUrl}/v1/refunds/${encodeURIComponent(reference)}`)
      if (answer.status === 404) return undefined
      if (answer.status >= 400) throw client.refusal(answer)
      return refundedOf(fieldsOf(answer.body))
    },

    readNotice(webhook) {
      const { t, v1 } = signatureOf(headerOf(webhook, 'stripe-signature') ?? '')
      const age_s = Math.abs(webhook.now.getTime() / 1_000 - t)
      // https://docs.stripe.com/webhooks#verify-manually; several while its secret is being replaced.
      const expected = createHmac('sha256', webhookSecret).update(`${t}.`).update(webhook.body).digest('hex')
      const isSigned = v1.some((signature) => isSame(signature, expected))
      if (!isSigned || !(age_s <= tolerance_s)) throw new DomainError('webhook_forged')
      const event = jsonOf(webhook)
      const id = textOf(event['id'])
      if (id === undefined) throw new DomainError('invalid_webhook')
      const object = fieldsOf(fieldsOf(event['data'])['object'])
      const metadata = fieldsOf(object['metadata'])
      // A bank may send a refund back weeks later: https://docs.stripe.com/refunds#failed-refunds
      const refund_key = object['object'] === 'refund' ? refundKey(metadata['refund_key']) : undefined
      return {
        event_key: eventKey(id),
        attempt_key: attemptKey(object['client_reference_id'] ?? metadata['attempt_key']),
        ...(refund_key !== undefined && { refund_key }),
      }
    },
  }
}

const errorOf = (body: unknown) => fieldsOf(fieldsOf(body)['error'])

/** Under the same key, something else was asked before. */
const isOtherwiseUsed = ({ status, body }: HttpAnswer) => status >= 400 && errorOf(body)['type'] === 'idempotency_error'

const readAnswer: ReadAnswer = (status, body) => ({ status, message: textOf(errorOf(body)['message'], 1_000) })

function sessionOf(attempt: Attempt, returnUrl: string): Record<string, string> {
  const { key, amount, currency, description, customer, created_at, expires_at, return_url } = attempt
  const ends_ms = Math.min(expires_at.getTime() + session_ms_min, created_at.getTime() + session_ms_max)
  return {
    mode: 'payment',
    client_reference_id: key,
    'metadata[attempt_key]': key,
    'payment_intent_data[metadata][attempt_key]': key,
    'line_items[0][quantity]': '1',
    'line_items[0][price_data][currency]': currency.toLowerCase(),
    'line_items[0][price_data][unit_amount]': String(toStripe(amount, currency)),
    'line_items[0][price_data][product_data][name]': cut(description, 250),
    // Else Stripe asks in the customer's own currency for an amount of its own.
    'adaptive_pricing[enabled]': 'false',
    customer_email: customer.email,
    expires_at: String(Math.floor(ends_ms / 1_000)),
    success_url: return_url ?? returnUrl,
    ...(return_url !== undefined && { cancel_url: return_url }),
  }
}

function foundOf(session: Fields): Found {
  const currency = textOf(session['currency'], 3)?.toUpperCase() ?? ''
  const amount = fromStripe(session['amount_total'], currency)
  const intent = intentOf(session)
  const charge = fieldsOf(intent.fields['latest_charge'])
  const way = textOf(fieldsOf(charge['payment_method_details'])['type'])
  const error = textOf(fieldsOf(intent.fields['last_payment_error'])['message'], 1_000)
  const trouble = charge['disputed'] === true ? 'disputed' : charge['refunded'] === true ? 'refunded' : undefined
  const state = amount === undefined || trouble ? 'review' : stateOf(session, intent.fields)
  return {
    state,
    amount: amount ?? 0,
    currency,
    reference: textOf(session['id']),
    charge: intent.id,
    note: noteOf(
      way,
      trouble,
      state === 'failed' ? error : undefined,
      amount === undefined ? 'of an amount that is not whole minor units' : undefined,
    ),
  }
}

function stateOf(session: Fields, intent: Fields): Found['state'] {
  const { status, payment_status } = session
  if (payment_status === 'paid' || payment_status === 'no_payment_required') return 'paid'
  if (status === 'open') return 'awaiting'
  if (status === 'expired') return 'gone'
  if (status !== 'complete') return 'review'
  // The customer is done, the bank is not: https://docs.stripe.com/checkout/fulfillment#delayed-notification
  if (intent['status'] === 'processing') return 'awaiting'
  return intent['status'] === 'requires_payment_method' || intent['status'] === 'canceled' ? 'failed' : 'review'
}

/** A session names its payment, or shows it whole where that was asked for; an open one may have none yet. */
function intentOf({ payment_intent }: Fields): { id: string | undefined; fields: Fields } {
  const fields = fieldsOf(payment_intent)
  return { id: textOf(payment_intent) ?? textOf(fields['id']), fields }
}

const hasSucceeded = ({ status }: Fields) => status === 'succeeded'

function refundedOf(refund: Fields): Refunded {
  const reference = needText('Stripe', refund, 'id')
  switch (refund['status']) {
    case 'succeeded':
      return { state: 'done', reference }
    case 'failed':
    case 'canceled':
      return { state: 'failed', reference, note: textOf(refund['failure_reason']) ?? refund['status'] }
    default:
      // requires_action: the customer is asked by email where it shall go.
      return { state: 'sent', reference, note: textOf(refund['status']) }
  }
}

/** `t=…,v1=…,v1=…`; no time, if there is no such thing in it. */
function signatureOf(header: string): { t: number; v1: string[] } {
  const parts = header.split(',').map((part) => part.trim().split('=') as [string, string?])
  const time = parts.find(([name]) => name === 't')?.[1] ?? ''
  const v1 = parts.flatMap(([name, value]) => (name === 'v1' && value !== undefined ? [value] : []))
  return { t: /^\d{1,12}$/.test(time) ? Number(time) : NaN, v1: v1.slice(0, signatures_max) }
}

/** https://docs.stripe.com/currencies#zero-decimal and #three-decimal; UGX and ISK have two, of old. */
const noDecimals = new Set('BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF'.split(' '))
const threeDecimals = new Set('BHD JOD KWD OMR TND'.split(' '))

/** In our minor units: https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts */
const minimums: Readonly<Record<string, number>> = {
  USD: 50,
  AED: 200,
  AUD: 50,
  BGN: 100,
  BRL: 50,
  CAD: 50,
  CHF: 50,
  CZK: 1_500,
  DKK: 250,
  EUR: 50,
  GBP: 30,
  HKD: 400,
  HUF: 17_500,
  INR: 50,
  JPY: 50,
  MXN: 1_000,
  MYR: 200,
  NOK: 300,
  NZD: 50,
  PLN: 200,
  RON: 200,
  SEK: 300,
  SGD: 50,
  THB: 1_000,
  // Not in the list, so half a dollar decides, with room for its rate.
  IDR: 10_000,
}

function stripeDigits(currency: string): number {
  if (noDecimals.has(currency)) return 0
  return threeDecimals.has(currency) ? 3 : 2
}

/**
 * Our minor units → Stripe's, which has two decimals for the rupiah.
 *
 * @throws ProviderError `refused` if it can't be said exactly, or Stripe takes only coarser amounts
 */
function toStripe(amount: number, currency: string): number {
  const digits = stripeDigits(currency) - minorDigits(currency)
  const exact = digits >= 0 ? amount * 10 ** digits : amount / 10 ** -digits
  // Of three decimals, the networks behind Stripe take two.
  const step = stripeDigits(currency) === 3 ? 10 : 1
  if (!Number.isSafeInteger(exact) || exact % step !== 0) {
    throw new ProviderError('refused', `Stripe can't take exactly ${amount} minor units of ${currency}`)
  }
  return exact
}

/** And back; undefined if that is no whole number of ours. */
function fromStripe(amount: unknown, currency: string): number | undefined {
  if (typeof amount !== 'number' || !Number.isSafeInteger(amount) || amount < 0 || !isCurrency(currency))
    return undefined
  const digits = minorDigits(currency) - stripeDigits(currency)
  const exact = digits >= 0 ? amount * 10 ** digits : amount / 10 ** -digits
  return Number.isSafeInteger(exact) ? exact : undefined
}
