import { createHash, randomUUID } from 'node:crypto'
import { midtrans } from '../../src/features/payments/providers/midtrans.ts'
import { fakeServer, tampered, type FakeAnswer, type FakeProvider } from './fake-provider.ts'

const serverKey = 'SB-Mid-server-fake-key'

type Transaction = {
  id: string
  status: string
  channel: string
  amount: number
  currency: string
  refunds: { key: string; amount: number }[]
}

const withRefund = new Set(['credit_card', 'gopay', 'shopeepay', 'dana', 'ovo', 'qris', 'kredivo', 'akulaku'])

/** Midtrans: a page is known under its token alone; the transaction begins when the customer chooses how to pay. */
export async function fakeMidtrans(): Promise<FakeProvider> {
  const pages = new Map<string, { amount: number; tokens: string[] }>()
  const transactions = new Map<string, Transaction>()
  const paid = new Map<string, number>()

  const say = (code: number, status_message: string, http = 200): FakeAnswer => [
    http,
    { status_code: String(code), status_message, id: randomUUID() },
  ]
  const gross = ({ amount }: Transaction) => `${amount}.00`
  const refunded = ({ refunds }: Transaction) => refunds.reduce((sum, { amount }) => sum + amount, 0)
  const codeOf = (status: string) => ({ pending: '201', deny: '202', expire: '407' })[status] ?? '200'

  function show(key: string, transaction: Transaction) {
    const { id, status, channel, currency, refunds } = transaction
    return {
      status_code: codeOf(status),
      status_message: 'Success, transaction is found',
      transaction_id: id,
      order_id: key,
      payment_type: channel,
      transaction_status: status,
      gross_amount: gross(transaction),
      currency,
      fraud_status: 'accept',
      transaction_time: '2030-01-01 12:00:00',
      merchant_id: 'M123456',
      ...(refunds.length > 0 && {
        refund_amount: `${refunded(transaction)}.00`,
        refunds: refunds.map(({ key, amount }, index) => ({
          refund_chargeback_id: index + 1,
          refund_amount: `${amount}.00`,
          refund_key: key,
        })),
      }),
    }
  }

  function openPage(body: Record<string, unknown>): FakeAnswer {
    const { order_id, gross_amount } = body['transaction_details'] as { order_id: string; gross_amount: number }
    if (!Number.isInteger(gross_amount) || gross_amount < 1) {
      return [400, { error_messages: ['transaction_details.gross_amount must be an integer'] }]
    }
    if (transactions.has(order_id)) {
      return [400, { error_messages: ['transaction_details.order_id has already been taken'] }]
    }
    const token = randomUUID()
    const page = pages.get(order_id) ?? { amount: gross_amount, tokens: [] }
    pages.set(order_id, { amount: gross_amount, tokens: [...page.tokens, token] })
    return [201, { token, redirect_url: `https://app.sandbox.midtrans.com/snap/v4/redirection/${token}` }]
  }

  function refund(key: string, transaction: Transaction, body: Record<string, unknown>): FakeAnswer {
    const { refund_key, amount } = body as { refund_key: string; amount: number }
    if (transaction.refunds.some((refund) => refund.key === refund_key)) {
      return say(406, 'The same refund_key cannot be reused')
    }
    if (!withRefund.has(transaction.channel) || !['settlement', 'partial_refund'].includes(transaction.status)) {
      return say(412, 'Transaction status cannot be updated.')
    }
    if (refunded(transaction) + amount > transaction.amount) return say(413, 'Refund amount exceeds the payment')
    transaction.refunds.push({ key: refund_key, amount })
    transaction.status = refunded(transaction) === transaction.amount ? 'refund' : 'partial_refund'
    return [200, { ...show(key, transaction), status_code: '200', refund_key, refund_amount: `${amount}.00` }]
  }

  const server = await fakeServer(({ method, path, headers, body }) => {
    if (headers.authorization !== `Basic ${btoa(`${serverKey}:`)}`) return say(401, 'Access denied', 401)
    const json = (body === '' ? {} : JSON.parse(body)) as Record<string, unknown>
    if (method === 'POST' && path === '/snap/v1/transactions') return openPage(json)
    const [, key = '', action = ''] = /^\/v2\/([^/]+)\/(.+)$/.exec(path) ?? []
    const transaction = transactions.get(key)
    if (!transaction) return say(404, "Transaction doesn't exist.", action === 'status' ? 200 : 404)
    if (method === 'GET' && action === 'status') return [200, show(key, transaction)]
    if (action === 'refund') return refund(key, transaction, json)
    const from: Record<string, string[]> = { expire: ['pending'], cancel: ['pending', 'authorize', 'capture'] }
    if (!from[action]?.includes(transaction.status)) return say(412, 'Transaction status cannot be updated.')
    transaction.status = action
    return [200, { ...show(key, transaction), status_code: action === 'expire' ? '407' : '200' }]
  })

  function begin(key: string, channel = 'qris'): Transaction {
    const page = pages.get(key)
    if (!page) throw new Error(`no page was opened under ${key}`)
    const known = transactions.get(key)
    if (known && known.status !== 'deny') return known
    const begun = {
      id: known?.id ?? randomUUID(),
      status: 'pending',
      channel,
      amount: page.amount,
      currency: 'IDR',
      refunds: [],
    }
    transactions.set(key, begun)
    return begun
  }

  return {
    ...server,
    name: 'midtrans',
    currency: 'IDR',
    irreversible: 'bank_transfer',
    provider: (http) =>
      midtrans({
        serverKey,
        isProduction: false,
        baseUrls: { app: server.url, api: server.url },
        ...(http && { http }),
      }),
    begin,
    pay(key, { amount, currency, channel, late } = {}) {
      const transaction = begin(key, channel)
      if (transaction.status !== 'pending' && !(late && transaction.status === 'expire')) return false
      transaction.status = transaction.channel === 'credit_card' ? 'capture' : 'settlement'
      transaction.amount = amount ?? transaction.amount
      transaction.currency = currency ?? transaction.currency
      paid.set(key, transaction.amount)
      return true
    },
    decline: (key) => (begin(key).status = 'deny'),
    expire: (key) => (begin(key).status = 'expire'),
    settle(key) {
      const transaction = begin(key)
      if (transaction.status === 'capture') transaction.status = 'settlement'
    },
    refundsTake() {},
    finishRefunds() {},
    webhook(key, { forge, tamper } = {}) {
      const shown = show(key, transactions.get(key) ?? begin(key))
      const secret = forge ? 'somebody' : serverKey
      const signature_key = createHash('sha512')
        .update(shown.order_id + shown.status_code + shown.gross_amount + secret)
        .digest('hex')
      const body = Buffer.from(JSON.stringify({ ...shown, signature_key }))
      return { headers: { 'content-type': 'application/json' }, body: tamper ? tampered(body) : body }
    },
    books: () =>
      new Map(
        [...pages.keys()].map((key) => {
          const transaction = transactions.get(key)
          const back = transaction?.status === 'cancel' ? (paid.get(key) ?? 0) : transaction ? refunded(transaction) : 0
          return [key, { paid: paid.get(key) ?? 0, refunded: back }]
        }),
      ),
    // However many pages there are: one of them is paid.
    madeUnder: (key) => (pages.has(key) ? 1 : 0),
  }
}
