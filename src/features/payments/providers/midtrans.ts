import { createHash } from 'node:crypto'
import { DomainError } from '../../../lib/errors.ts'
import { isSame } from '../../../lib/same.ts'
import {
  attemptKey,
  cut,
  eventKey,
  fieldsOf,
  fromDecimal,
  jsonOf,
  listOf,
  needText,
  needUrl,
  noteOf,
  textOf,
} from './fields.ts'
import { basic, httpClient, type HttpAnswer, type HttpOptions, type ReadAnswer } from './http.ts'
import {
  ProviderError,
  type Attempt,
  type Found,
  type PaymentProvider,
  type Refunded,
  type RefundOrder,
} from './provider.ts'

export type MidtransOptions = Readonly<{
  serverKey: string
  isProduction: boolean
  /** In place of Midtrans's own. */
  baseUrls?: Readonly<{ app: string; api: string }>
  now?: () => Date
  http?: HttpOptions
}>

const order_id_pattern = /^[\w.~-]{1,50}$/
/** https://docs.midtrans.com/reference/refund-transactions; a bank transfer or a counter can't be reversed. */
const refundable = new Set(['credit_card', 'gopay', 'shopeepay', 'dana', 'ovo', 'qris', 'kredivo', 'akulaku'])

/**
 * Midtrans, by its payment page (Snap): https://docs.midtrans.com/reference/backend-integration
 *
 * An order id is our key. As many pages as one likes can be opened under it, but it is paid once: what is charged first
 * takes it. Until the customer has chosen a way to pay, Midtrans says of it that it does not exist (404), so `find` is
 * undefined of a page that is open, and there is nothing that `close` could close: the page ends by itself, because it is
 * told when to.
 */
export function midtrans({
  serverKey,
  isProduction,
  baseUrls = isProduction
    ? { app: 'https://app.midtrans.com', api: 'https://api.midtrans.com' }
    : { app: 'https://app.sandbox.midtrans.com', api: 'https://api.sandbox.midtrans.com' },
  now = () => new Date(),
  http,
}: MidtransOptions): PaymentProvider {
  const client = httpClient('Midtrans', basic(serverKey), serverKey, readAnswer, http)
  const at = (key: string, what: string) => `${baseUrls.api}/v2/${encodeURIComponent(key)}/${what}`

  /** Undefined until the customer has chosen how to pay. */
  async function findTransaction(key: string) {
    const answer = await client.send({ method: 'GET', url: at(key, 'status') })
    if (answer.status === 404) return undefined
    if (answer.status >= 400) throw client.refusal(answer)
    const transaction = fieldsOf(answer.body)
    if (transaction['order_id'] !== key) throw new ProviderError('unknown', 'Midtrans answered about another payment')
    return transaction
  }

  async function refund({ payment, key, amount, paid }: RefundOrder): Promise<Refunded> {
    const transaction = await findTransaction(payment.key)
    const before = transaction && madeBefore(transaction, key)
    if (before) return before
    const status = transaction?.['transaction_status']
    if (!transaction || !['capture', 'settlement', 'partial_refund'].includes(String(status))) {
      return { state: 'failed', note: noteOf('Midtrans says that it is', textOf(status) ?? 'not paid') }
    }
    const way = textOf(transaction['payment_type'])
    if (status === 'capture') {
      // It settles within a day. Until then it can be taken back whole, and not in part.
      if (amount !== paid)
        throw new ProviderError('unknown', 'Midtrans has not settled it: a part goes back after that')
      const answer = await client.send({ method: 'POST', url: at(payment.key, 'cancel') })
      if (answer.status >= 400) return refusedOrMade(payment.key, key, answer)
      return { state: 'done', reference: textOf(transaction['transaction_id']), note: 'cancelled before settlement' }
    }
    if (way === undefined || !refundable.has(way)) return { state: 'by_hand', note: noteOf('paid by', way) }
    // Not /refund/online/direct, which knows fewer ways to pay: https://docs.midtrans.com/reference/refund-transactions
    const answer = await client.send({
      method: 'POST',
      url: at(payment.key, 'refund'),
      json: { refund_key: key, amount, reason: 'Tickets cancelled' },
    })
    if (answer.status >= 400) return refusedOrMade(payment.key, key, answer)
    return { state: 'done', reference: key, note: noteOf(way) }
  }

  /** What was done, and whose answer got lost, is refused when it is asked for again: so it is looked at once more. */
  async function refusedOrMade(order_id: string, key: string, answer: HttpAnswer): Promise<Refunded> {
    const transaction = await findTransaction(order_id)
    return (transaction && madeBefore(transaction, key)) ?? refused(answer.status, client.refusal(answer))
  }

  return {
    name: 'midtrans',
    // Each way to pay has its own, and the page offers those that fit.
    minimum: (currency) => (currency === 'IDR' ? 1 : undefined),

    async open(attempt) {
      if (attempt.currency !== 'IDR') throw new ProviderError('refused', 'Midtrans takes rupiah only')
      if (!order_id_pattern.test(attempt.key)) throw new ProviderError('refused', 'Midtrans takes no such key')
      const answer = await client.send({
        method: 'POST',
        url: `${baseUrls.app}/snap/v1/transactions`,
        json: pageOf(attempt, now()),
      })
      if (answer.status >= 400) {
        const refusal = client.refusal(answer)
        // Somebody has the page already and has chosen a way to pay; asked for it, Midtrans now knows it.
        if (answer.status === 406 || /already been (taken|used)|sudah digunakan/i.test(refusal.message)) {
          throw new ProviderError('unknown', refusal.message)
        }
        throw refusal
      }
      return {
        reference: needText('Midtrans', answer.body, 'token'),
        pay_url: needUrl('Midtrans', answer.body, 'redirect_url'),
      }
    },

    async find({ key }) {
      const transaction = await findTransaction(key)
      return transaction && foundOf(transaction)
    },

    async close({ key }) {
      const answer = await client.send({ method: 'POST', url: at(key, 'expire') })
      if (answer.status < 400) return
      const transaction = await findTransaction(key)
      const status = transaction?.['transaction_status']
      // What is only reserved on a card does not expire, but can be given up. What is captured is paid, and stays so.
      if (status === 'authorize') await client.ask({ method: 'POST', url: at(key, 'cancel') })
      else if (status === 'pending') throw client.refusal(answer)
    },

    refund,

    async findRefund({ payment, key }) {
      const transaction = await findTransaction(payment.key)
      return transaction && madeBefore(transaction, key)
    },

    readNotice(webhook) {
      const notice = jsonOf(webhook)
      const text = (name: string) => textOf(notice[name])
      const [order_id, status_code, gross_amount] = [text('order_id'), text('status_code'), text('gross_amount')]
      if (!order_id || !status_code || !gross_amount) throw new DomainError('invalid_webhook')
      // https://docs.midtrans.com/docs/https-notification-webhooks; it covers neither the status nor the time.
      const signature = createHash('sha512')
        .update(order_id + status_code + gross_amount + serverKey)
        .digest('hex')
      if (!isSame(text('signature_key') ?? '', signature)) throw new DomainError('webhook_forged')
      const refunds = notice['refunds'] ?? notice['refund_amount']
      return {
        event_key: eventKey(
          text('transaction_id') ?? order_id,
          text('transaction_status'),
          status_code,
          text('fraud_status'),
          refunds === undefined ? '' : createHash('sha256').update(JSON.stringify(refunds)).digest('hex').slice(0, 16),
        ),
        attempt_key: attemptKey(order_id),
      }
    },
  }
}

/**
 * The status is in the body, and often 200 in HTTP. Of a transaction, though, it tells how that ended (202 denied, 407
 * expired), not how the question went.
 */
const readAnswer: ReadAnswer = (status, body, { method }) => {
  const fields = fieldsOf(body)
  const isTransaction = method === 'GET' && textOf(fields['transaction_status']) !== undefined
  const own = Number(textOf(fields['status_code'], 3))
  return {
    status: status === 200 && !isTransaction && own >= 400 ? own : status,
    message:
      textOf(fields['status_message'], 1_000) ??
      (listOf(fields['error_messages'])
        .filter((text) => typeof text === 'string')
        .join(', ') ||
        undefined),
  }
}

function pageOf({ key, amount, description, customer, expires_at, return_url }: Attempt, now: Date) {
  const minutes = Math.max(1, Math.ceil((expires_at.getTime() - now.getTime()) / 60_000))
  return {
    transaction_details: { order_id: key, gross_amount: amount },
    item_details: [{ id: 'tickets', price: amount, quantity: 1, name: cut(description, 50) }],
    customer_details: { first_name: cut(customer.name, 50), email: customer.email },
    // The page ends with the hold, and so does an account number that a bank has given out before.
    page_expiry: { duration: minutes, unit: 'minutes' },
    expiry: { start_time: inJakarta(now), duration: minutes, unit: 'minutes' },
    ...(return_url !== undefined && { callbacks: { finish: return_url } }),
  }
}

/** `2020-04-13 18:11:08 +0700` */
function inJakarta(date: Date): string {
  const local = new Date(date.getTime() + 7 * 60 * 60_000).toISOString()
  return `${local.slice(0, 10)} ${local.slice(11, 19)} +0700`
}

function foundOf(transaction: Readonly<Record<string, unknown>>): Found {
  const currency = textOf(transaction['currency'], 3) ?? 'IDR'
  const amount = currency === 'IDR' ? fromDecimal(transaction['gross_amount'], 'IDR') : undefined
  const status = textOf(transaction['transaction_status']) ?? 'no status'
  const fraud = textOf(transaction['fraud_status'])
  const state = amount === undefined ? 'review' : stateOf(status, fraud)
  return {
    state,
    amount: amount ?? 0,
    currency,
    charge: textOf(transaction['transaction_id']),
    note: noteOf(
      textOf(transaction['payment_type']),
      state === 'review' || state === 'failed'
        ? `${status}: ${textOf(transaction['status_message']) ?? ''}`
        : undefined,
      amount === undefined ? 'of an amount that is not whole rupiah' : undefined,
    ),
  }
}

/** https://docs.midtrans.com/docs/status-cycle */
function stateOf(status: string, fraud: string | undefined): Found['state'] {
  switch (status) {
    case 'pending':
    case 'authorize':
      return 'awaiting'
    case 'capture':
      return fraud === 'accept' ? 'paid' : 'review'
    case 'settlement':
      return fraud === undefined || fraud === 'accept' ? 'paid' : 'review'
    case 'deny':
    case 'failure':
      return 'failed'
    case 'cancel':
    case 'expire':
      return 'gone'
    default:
      // Refunded or charged back, so it was paid once, and is not any more.
      return 'review'
  }
}

/** Whether this refund was made, by us before an answer was lost, or with the whole payment. */
function madeBefore(transaction: Readonly<Record<string, unknown>>, key: string): Refunded | undefined {
  if (transaction['transaction_status'] === 'cancel') {
    return { state: 'done', reference: textOf(transaction['transaction_id']), note: 'cancelled before settlement' }
  }
  const isMade = listOf(transaction['refunds']).some((refund) => fieldsOf(refund)['refund_key'] === key)
  return isMade ? { state: 'done', reference: key, note: noteOf(textOf(transaction['payment_type'])) } : undefined
}

/** 412: it can't be reversed any more, or never could. https://docs.midtrans.com/reference/code-4xx */
function refused(status: number, { message }: Error): Refunded {
  return { state: status === 412 ? 'by_hand' : 'failed', note: message }
}
