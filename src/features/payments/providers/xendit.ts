import { DomainError } from '../../../lib/errors.ts'
import { isSame } from '../../../lib/same.ts'
import {
  attemptKey,
  cut,
  eventKey,
  fieldsOf,
  fromDecimal,
  headerOf,
  jsonOf,
  needText,
  needUrl,
  noteOf,
  textOf,
  toDecimal,
} from './fields.ts'
import { basic, httpClient, type HttpOptions, type ReadAnswer } from './http.ts'
import { ProviderError, type Found, type PaymentKey, type PaymentProvider, type Refunded } from './provider.ts'

export type XenditOptions = Readonly<{
  secretKey: string
  /** What Xendit sends with each webhook, from its dashboard. */
  callbackToken: string
  baseUrl?: string
  now?: () => Date
  http?: HttpOptions
}>

type Invoice = Readonly<Record<string, unknown>>

/** In minor units; of the others Xendit decides for itself. https://docs.xendit.co/apidocs/create-invoice */
const minimums = new Map([
  ['IDR', 10_000],
  ['PHP', 100],
  ['THB', 100],
  ['VND', 1],
  ['MYR', 100],
  ['USD', 100],
])

/** How Xendit says that this way of paying can't be reversed. https://docs.xendit.co/docs/refund-payment-request */
const irreversible = new Set([
  'REFUND_NOT_SUPPORTED',
  'PARTIAL_REFUND_NOT_SUPPORTED',
  'CHANNEL_NOT_SUPPORTED',
  'UNSUPPORTED_CHANNEL',
])

/**
 * Xendit, by its invoices: https://docs.xendit.co/apidocs/create-invoice
 *
 * Invoices have no key of idempotency: asked twice, Xendit makes two. So it is asked for one of this attempt before one
 * is made, and making one is never repeated blindly. Should an answer come so late that there are two after all, nobody
 * has seen the first one.
 */
export function xendit({
  secretKey,
  callbackToken,
  baseUrl = 'https://api.xendit.co',
  now = () => new Date(),
  http,
}: XenditOptions): PaymentProvider {
  const client = httpClient('Xendit', basic(secretKey), secretKey, readAnswer, http)
  const invoices = `${baseUrl}/v2/invoices`

  async function listInvoices(key: string): Promise<Invoice[]> {
    const body = await client.ask({ method: 'GET', url: `${invoices}?external_id=${encodeURIComponent(key)}` })
    if (!Array.isArray(body)) throw new ProviderError('unknown', 'Xendit answered without a list of invoices')
    return body.map(fieldsOf).filter((invoice) => invoice['external_id'] === key)
  }

  async function findInvoice({ key, reference }: PaymentKey): Promise<Invoice | undefined> {
    if (reference === null) return theOne(await listInvoices(key))
    const answer = await client.send({ method: 'GET', url: `${invoices}/${encodeURIComponent(reference)}` })
    if (answer.status === 404) return undefined
    if (answer.status >= 400) throw client.refusal(answer)
    const invoice = fieldsOf(answer.body)
    if (invoice['external_id'] !== key) throw new ProviderError('unknown', 'Xendit answered about another payment')
    return invoice
  }

  return {
    name: 'xendit',
    minimum: (currency) => minimums.get(currency),

    async open(attempt) {
      const { key, amount, currency, description, customer, expires_at, return_url } = attempt
      if (!minimums.has(currency)) throw new ProviderError('refused', `Xendit does not take ${currency}`)
      const invoice =
        theOne(await listInvoices(key)) ??
        (await client.ask({
          method: 'POST',
          url: invoices,
          once: true,
          json: {
            external_id: key,
            amount: toDecimal(amount, currency),
            currency,
            description: cut(description, 250),
            invoice_duration: Math.max(1, Math.ceil((expires_at.getTime() - now().getTime()) / 1_000)),
            payer_email: customer.email,
            customer: { given_names: cut(customer.name, 100), email: customer.email },
            metadata: { attempt_key: key },
            ...(return_url !== undefined && { success_redirect_url: return_url, failure_redirect_url: return_url }),
          },
        }))
      return { reference: needText('Xendit', invoice, 'id'), pay_url: needUrl('Xendit', invoice, 'invoice_url') }
    },

    async find(payment) {
      const invoice = await findInvoice(payment)
      return invoice && foundOf(invoice)
    },

    async close(payment) {
      const open = payment.reference === null ? await listInvoices(payment.key) : [await findInvoice(payment)]
      for (const invoice of open) {
        if (invoice?.['status'] !== 'PENDING') continue
        const reference = needText('Xendit', invoice, 'id')
        const answer = await client.send({
          method: 'POST',
          url: `${invoices}/${encodeURIComponent(reference)}/expire!`,
        })
        if (answer.status < 400) continue
        // It may have been paid since it was looked at.
        const since = await findInvoice({ ...payment, reference })
        if (since?.['status'] === 'PENDING') throw client.refusal(answer)
      }
    },

    async refund({ payment, key, amount, currency }) {
      const invoice_id = payment.reference ?? textOf((await findInvoice(payment))?.['id'])
      if (invoice_id === undefined) return { state: 'failed', note: 'Xendit does not know this payment' }
      const answer = await client.send({
        method: 'POST',
        url: `${baseUrl}/refunds`,
        headers: { 'idempotency-key': key },
        json: {
          invoice_id,
          reference_id: key,
          amount: toDecimal(amount, currency),
          currency,
          reason: 'CANCELLATION',
          // Comes back in its webhook, which names the invoice only.
          metadata: { attempt_key: payment.key },
        },
      })
      if (answer.status < 400) return refundedOf(answer.body)
      return {
        state: irreversible.has(codeOf(answer.body)) ? 'by_hand' : 'failed',
        note: client.refusal(answer).message,
      }
    },

    async findRefund({ reference }) {
      // They can't be listed by our key; but asked again under it, `refund` answers about the same one.
      if (reference === null) return undefined
      const answer = await client.send({ method: 'GET', url: `${baseUrl}/refunds/${encodeURIComponent(reference)}` })
      if (answer.status === 404) return undefined
      if (answer.status >= 400) throw client.refusal(answer)
      return refundedOf(answer.body)
    },

    readNotice(webhook) {
      // https://docs.xendit.co/docs/handling-webhooks; the token says nothing about the body, so only ask.
      if (!isSame(headerOf(webhook, 'x-callback-token') ?? '', callbackToken)) throw new DomainError('webhook_forged')
      const notice = jsonOf(webhook)
      const event = textOf(notice['event'])
      if (event !== undefined) {
        const outer = fieldsOf(notice['data'])
        // Xendit's own example has the whole notice once more inside.
        const data = outer['id'] === undefined ? fieldsOf(outer['data']) : outer
        const id = textOf(data['id']) ?? textOf(data['payment_session_id'])
        if (id === undefined) throw new DomainError('invalid_webhook')
        return {
          event_key: eventKey(event, id, textOf(data['status'])),
          attempt_key: attemptKey(fieldsOf(data['metadata'])['attempt_key']),
        }
      }
      const [id, status] = [textOf(notice['id']), textOf(notice['status'])]
      if (id === undefined || status === undefined) throw new DomainError('invalid_webhook')
      return { event_key: eventKey('invoice', id, status), attempt_key: attemptKey(notice['external_id']) }
    },
  }
}

const codeOf = (body: unknown) => textOf(fieldsOf(body)['error_code']) ?? ''

const readAnswer: ReadAnswer = (status, body) => ({
  status,
  message: noteOf(codeOf(body), textOf(fieldsOf(body)['message'], 1_000)),
})

const isPaid = ({ status }: Invoice) => status === 'PAID' || status === 'SETTLED'

/** Of several under one key: what is paid, else what can be, else the first that Xendit names, its newest. */
function theOne(invoices: readonly Invoice[]): Invoice | undefined {
  return invoices.find(isPaid) ?? invoices.find(({ status }) => status === 'PENDING') ?? invoices[0]
}

function foundOf(invoice: Invoice): Found {
  const currency = textOf(invoice['currency'], 3)?.toUpperCase() ?? 'IDR'
  const value = (isPaid(invoice) ? invoice['paid_amount'] : undefined) ?? invoice['amount']
  const amount = !minimums.has(currency) ? undefined : fromDecimal(value, currency)
  const state = amount === undefined ? 'review' : stateOf(invoice)
  return {
    state,
    amount: amount ?? 0,
    currency,
    reference: textOf(invoice['id']),
    note: noteOf(
      textOf(invoice['payment_method']),
      textOf(invoice['payment_channel']),
      state === 'review' ? textOf(invoice['status']) : undefined,
      amount === undefined ? `of an amount that is not whole minor units of ${currency}` : undefined,
    ),
  }
}

function stateOf(invoice: Invoice): Found['state'] {
  if (isPaid(invoice)) return 'paid'
  if (invoice['status'] === 'PENDING') return 'awaiting'
  return invoice['status'] === 'EXPIRED' ? 'gone' : 'review'
}

function refundedOf(body: unknown): Refunded {
  const refund = fieldsOf(body)
  const reference = needText('Xendit', body, 'id')
  const failure = textOf(refund['failure_code'])
  switch (refund['status']) {
    case 'SUCCEEDED':
      return { state: 'done', reference, note: noteOf(textOf(refund['channel_code'])) }
    case 'FAILED':
    case 'CANCELLED':
      return { state: failure && irreversible.has(failure) ? 'by_hand' : 'failed', reference, note: failure }
    default:
      return { state: 'sent', reference, note: noteOf(textOf(refund['channel_code'])) }
  }
}
