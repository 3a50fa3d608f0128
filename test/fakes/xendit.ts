import { randomUUID } from 'node:crypto'
import { xendit } from '../../src/features/payments/providers/xendit.ts'
import { fakeServer, tampered, type FakeAnswer, type FakeProvider } from './fake-provider.ts'

const secretKey = 'xnd_development_fake_key'
const callbackToken = 'xendit-callback-token'

type Invoice = {
  id: string
  external_id: string
  amount: number
  currency: string
  status: string
  channel: string
  paid: number
}
type Refund = {
  id: string
  invoice_id: string
  reference_id: string
  amount: number
  currency: string
  status: string
  failure_code: string | null
  metadata: unknown
}

const decimals = (currency: string) => (['IDR', 'VND'].includes(currency) ? 0 : 2)
const minor = (amount: number, currency: string) => Math.round(amount * 10 ** decimals(currency))

/** Xendit: makes as many invoices of one external_id as it is asked for. */
export async function fakeXendit(): Promise<FakeProvider> {
  const invoices = new Map<string, Invoice>()
  const refunds = new Map<string, Refund>()
  let time: 'no time' | 'their time' = 'no time'

  const refuse = (status: number, error_code: string, message: string): FakeAnswer => [status, { error_code, message }]
  const under = (key: string) => [...invoices.values()].filter(({ external_id }) => external_id === key)
  const isPaid = ({ status }: Invoice) => status === 'PAID' || status === 'SETTLED'
  const paidBack = (invoice: Invoice) =>
    [...refunds.values()].filter(({ invoice_id, status }) => invoice_id === invoice.id && status !== 'FAILED')

  function show(invoice: Invoice) {
    const { id, external_id, amount, currency, status, channel, paid } = invoice
    return {
      id,
      external_id,
      user_id: 'fake-business',
      status,
      merchant_name: 'Karcis',
      amount,
      currency,
      expiry_date: '2030-01-01T00:00:00.000Z',
      invoice_url: `https://checkout-staging.xendit.co/web/${id}`,
      ...(isPaid(invoice) && {
        paid_amount: paid,
        paid_at: '2030-01-01T00:00:00.000Z',
        payment_method: channel === 'BCA' ? 'BANK_TRANSFER' : 'EWALLET',
        payment_channel: channel,
      }),
    }
  }

  function create(body: Record<string, unknown>): FakeAnswer {
    const { external_id, amount, currency } = body as { external_id: string; amount: number; currency: string }
    const duration = body['invoice_duration']
    if (typeof external_id !== 'string' || !(amount > 0) || !Number.isInteger(duration) || Number(duration) < 1) {
      return refuse(400, 'API_VALIDATION_ERROR', 'There is invalid input in one of the required request fields.')
    }
    const id = randomUUID().replaceAll('-', '').slice(0, 24)
    const invoice = { id, external_id, amount, currency, status: 'PENDING', channel: 'OVO', paid: 0 }
    invoices.set(id, invoice)
    return [200, show(invoice)]
  }

  function refund(key: string, body: Record<string, unknown>): FakeAnswer {
    const { invoice_id, reference_id, amount, currency, metadata } = body as unknown as Refund
    const before = refunds.get(key)
    if (before) {
      const isSame = before.invoice_id === invoice_id && before.amount === amount
      return isSame ? [200, before] : refuse(409, 'DUPLICATE_ERROR', 'Idempotency key was used with another request')
    }
    const invoice = invoices.get(invoice_id)
    if (!invoice) return refuse(404, 'DATA_NOT_FOUND', 'Invoice not found')
    if (!isPaid(invoice)) return refuse(403, 'INELIGIBLE_TRANSACTION', 'The transaction was not paid')
    if (invoice.channel === 'BCA') return refuse(400, 'REFUND_NOT_SUPPORTED', 'The channel does not support refunds')
    if (currency !== invoice.currency) return refuse(400, 'API_VALIDATION_ERROR', 'currency is another one')
    const total = paidBack(invoice).reduce((sum, { amount }) => sum + amount, amount)
    if (total > invoice.paid) return refuse(400, 'MAXIMUM_REFUND_AMOUNT_REACHED', 'Too much is refunded')
    const status = time === 'no time' ? 'SUCCEEDED' : 'PENDING'
    const made = { id: `rfd-${randomUUID()}`, invoice_id, reference_id, amount, currency, status, metadata }
    refunds.set(key, { ...made, failure_code: null })
    return [200, refunds.get(key)]
  }

  const server = await fakeServer(({ method, path, query, headers, body }) => {
    if (headers.authorization !== `Basic ${btoa(`${secretKey}:`)}`) {
      return refuse(401, 'INVALID_API_KEY', 'API key format is invalid')
    }
    const json = (body === '' ? {} : JSON.parse(body)) as Record<string, unknown>
    if (path === '/v2/invoices') {
      // The newest is first.
      return method === 'POST' ? create(json) : [200, under(query.get('external_id')!).map(show).toReversed()]
    }
    if (path === '/refunds') return refund(headers['idempotency-key'] as string, json)
    const [, refund_id] = /^\/refunds\/(.+)$/.exec(path) ?? []
    if (refund_id) {
      const found = [...refunds.values()].find(({ id }) => id === refund_id)
      return found ? [200, found] : refuse(404, 'DATA_NOT_FOUND', 'Refund not found')
    }
    const [, id = '', expire] = /^\/(?:v2\/)?invoices\/([^/]+)(\/expire!)?$/.exec(path) ?? []
    const invoice = invoices.get(id)
    if (!invoice) return refuse(404, 'INVOICE_NOT_FOUND_ERROR', 'Could not find invoice by id')
    if (expire) {
      if (invoice.status !== 'PENDING')
        return refuse(404, 'INVOICE_NOT_FOUND_ERROR', 'Could not find a pending invoice')
      invoice.status = 'EXPIRED'
    }
    return [200, show(invoice)]
  })

  const the = (key: string): Invoice => {
    const found = under(key)
    if (!found[0]) throw new Error(`no invoice under ${key}`)
    return found.findLast(isPaid) ?? found.at(-1)!
  }

  return {
    ...server,
    name: 'xendit',
    currency: 'IDR',
    irreversible: 'BCA',
    provider: (http) => xendit({ secretKey, callbackToken, baseUrl: server.url, ...(http && { http }) }),
    begin(key) {
      the(key)
    },
    pay(key, { amount, currency, channel, reference, late } = {}) {
      const invoice = invoices.get(reference ?? '') ?? the(key)
      if (invoice.status !== 'PENDING' && !(late && invoice.status === 'EXPIRED')) return false
      invoice.status = 'PAID'
      invoice.currency = currency ?? invoice.currency
      invoice.channel = channel ?? invoice.channel
      invoice.paid = amount === undefined ? invoice.amount : amount / 10 ** decimals(invoice.currency)
      return true
    },
    // Whoever is declined stays on the page of the invoice, and may try again.
    decline() {},
    expire: (key) => (the(key).status = 'EXPIRED'),
    settle: (key) => (the(key).status = 'SETTLED'),
    refundsTake: (taken) => (time = taken),
    finishRefunds(succeed = true) {
      for (const refund of refunds.values()) {
        if (refund.status !== 'PENDING') continue
        refund.status = succeed ? 'SUCCEEDED' : 'FAILED'
        refund.failure_code = succeed ? null : 'INSUFFICIENT_BALANCE'
      }
    },
    webhook(key, { forge, tamper } = {}) {
      const body = Buffer.from(JSON.stringify(show(the(key))))
      const token = forge ? 'somebody' : callbackToken
      return {
        headers: { 'content-type': 'application/json', 'x-callback-token': token },
        body: tamper ? tampered(body) : body,
      }
    },
    books() {
      const books = new Map<string, { paid: number; refunded: number }>()
      for (const invoice of invoices.values()) {
        const { paid, refunded } = books.get(invoice.external_id) ?? { paid: 0, refunded: 0 }
        const back = paidBack(invoice).filter(({ status }) => status === 'SUCCEEDED')
        books.set(invoice.external_id, {
          paid: paid + minor(invoice.paid, invoice.currency),
          refunded: refunded + back.reduce((sum, { amount }) => sum + minor(amount, invoice.currency), 0),
        })
      }
      return books
    },
    madeUnder: (key) => under(key).length,
  }
}
