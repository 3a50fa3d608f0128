import type { Database } from '../../../db/database.ts'
import { inTransaction, reading } from '../../../db/transaction.ts'
import { DomainError } from '../../../lib/errors.ts'
import { isCurrency } from '../../../lib/money.ts'
import { toTimestamp } from '../../../lib/time.ts'
import {
  endSandboxPayment,
  findSandboxPayment,
  findSandboxPaymentLocked,
  findSandboxRefund,
  findSandboxRefunded,
  insertSandboxPayment,
  insertSandboxRefund,
  isSandboxKey,
  type SandboxPayment,
} from '../sandbox.sql.ts'
import { ProviderError, type Attempt, type Found, type PaymentProvider, type Refunded } from './provider.ts'

const description_length_max = 500
const url_length_max = 2_000

/**
 * A provider of our own, for trying the whole way of the money without an account anywhere. Its customers pay on a page of
 * this server (sandbox.routes.ts), with nothing. It keeps its memory in tables of its own, and knows of ours as much
 * as a provider elsewhere would: nothing.
 *
 * @param pageUrl where a payment's page is, as the customer's browser reaches it
 */
export function sandbox({
  database,
  now,
  pageUrl,
}: {
  database: Database
  now: () => Date
  pageUrl: (attemptKey: string) => string
}): PaymentProvider {
  return {
    name: 'sandbox',

    minimum: (currency) => (isCurrency(currency) ? 1 : undefined),

    open: (attempt) =>
      answering(async () => {
        const { key, amount, currency } = attempt
        if (!isSandboxKey(key)) throw new ProviderError('refused', 'a key is 1 to 64 characters of ASCII')
        if (!Number.isSafeInteger(amount) || amount < 1 || !isCurrency(currency)) {
          throw new ProviderError('refused', `the sandbox takes no ${amount} ${currency}`)
        }
        const opened = await openOnce(database, now(), attempt)
        if (opened.amount !== amount || opened.currency !== currency) {
          throw new ProviderError('refused', 'this key was used for another amount')
        }
        return { reference: key, pay_url: pageUrl(key) }
      }),

    find: ({ key }) =>
      answering(async () => {
        const payment = await reading(database, (db) => findSandboxPayment(db, key))
        return payment && described(payment)
      }),

    close: ({ key }) =>
      answering(async () => {
        // What has run out can still be paid too late on its page, as a bank transfer that is on its way would be.
        const openAt = toTimestamp(now())
        await inTransaction(database, (tx) => endSandboxPayment(tx, key, { status: 'closed', openAt }))
      }),

    refund: (order) =>
      answering(() =>
        inTransaction(database, async (tx): Promise<Refunded> => {
          const attempt_key = order.payment.key
          const payment = await findSandboxPaymentLocked(tx, database.dialect, attempt_key)
          if (!payment) return refused('there is no such payment')
          const before = await findSandboxRefund(tx, order.key)
          if (before) {
            const isSame = before.attempt_key === attempt_key && before.amount === order.amount
            return isSame ? done(order.key) : refused('this key was used for another refund')
          }
          if (payment.status !== 'paid' || payment.currency !== order.currency) {
            return refused('this was not paid, or in another currency')
          }
          const left = payment.amount - (await findSandboxRefunded(tx, attempt_key))
          if (!Number.isSafeInteger(order.amount) || order.amount < 1 || order.amount > left) {
            return refused(`of what was paid, ${left} is left to pay back`)
          }
          const { key: refund_key, amount } = order
          await insertSandboxRefund(tx, { refund_key, attempt_key, amount, created_at: toTimestamp(now()) })
          return done(refund_key)
        }),
      ),

    findRefund: ({ key }) =>
      answering(async () => {
        const refund = await reading(database, (db) => findSandboxRefund(db, key))
        return refund && done(key)
      }),

    readNotice: () => {
      // It tells this server by a call (sandbox.routes.ts), so what comes by HTTP in its name is not its own.
      throw new DomainError('webhook_forged')
    },
  }
}

/** What is kept under the attempt's key, now or since an earlier try. */
async function openOnce(database: Database, now: Date, attempt: Attempt): Promise<SandboxPayment> {
  const { key, amount, currency, description, expires_at, return_url } = attempt
  const payment: SandboxPayment = {
    attempt_key: key,
    amount,
    currency,
    // By characters: half of a pair is no text.
    description: Array.from(description).slice(0, description_length_max).join(''),
    status: 'open',
    expires_at: toTimestamp(expires_at),
    return_url: return_url !== undefined && return_url.length <= url_length_max ? return_url : null,
    paid_at: null,
    created_at: toTimestamp(now),
  }
  try {
    return await inTransaction(database, async (tx) => {
      const before = await findSandboxPayment(tx, key)
      if (!before) await insertSandboxPayment(tx, payment)
      return before ?? payment
    })
  } catch (error) {
    if (database.dialect.meaningOf(error) !== 'duplicate') throw error
    // Two opened it at once, and the other was first.
    return reading(database, (db) => findSandboxPayment(db, key).then((found) => found ?? payment))
  }
}

const states = { open: 'awaiting', paid: 'paid', declined: 'failed', closed: 'gone' } as const

/** One whose time has run out still awaits, because it can still be paid: too late. */
function described({ status, amount, currency }: SandboxPayment): Found {
  const note = status === 'declined' ? 'declined in the sandbox' : undefined
  return { state: states[status], amount, currency, note }
}

const done = (reference: string): Refunded => ({ state: 'done', reference })

const refused = (note: string): Refunded => ({ state: 'failed', note })

/** A failure of the database is to this provider's callers what a lost answer is to another's. */
async function answering<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof DomainError) throw new ProviderError('unknown', error.message, { cause: error })
    throw error
  }
}
