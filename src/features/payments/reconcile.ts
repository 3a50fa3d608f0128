import type { Logger } from 'pino'
import { inTransaction, reading } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import { addSeconds, toTimestamp } from '../../lib/time.ts'
import { claimChecks } from './checks.sql.ts'
import { findPayment, type Payment } from './payments.sql.ts'
import { ProviderError } from './providers/provider.ts'
import type { Selling } from './selling.ts'
import { checkRefund } from './send-refund.ts'
import { settlePayment } from './settle-payment.ts'

const batch_max = 20
/** So long a batch is this worker's; longer than its providers may take. If the worker dies, another asks then. */
const claim_s = 120

/**
 * Asks providers about payments that still await, whether or not a webhook has told. Returns how many it asked about.
 */
export async function reconcilePayments(deps: Deps, selling: Selling, log: Logger): Promise<number> {
  const at = toTimestamp(deps.now())
  const claim = { at, until: addSeconds(at, claim_s), limit: batch_max }
  const payments = await inTransaction(deps.database, (tx) => claimChecks(tx, deps.database.dialect, 'payment', claim))
  await Promise.all(payments.map((payment) => tolerant(log, () => settlePayment(deps, selling, payment))))
  return payments.length
}

/** The same for refunds that a provider has taken on. */
export async function reconcileRefunds(deps: Deps, selling: Selling, log: Logger): Promise<number> {
  const at = toTimestamp(deps.now())
  const claim = { at, until: addSeconds(at, claim_s), limit: batch_max }
  const refunds = await inTransaction(deps.database, (tx) => claimChecks(tx, deps.database.dialect, 'refund', claim))
  await Promise.all(refunds.map((refund) => tolerant(log, () => checkRefund(deps, selling, refund))))
  return refunds.length
}

/**
 * Closes a payment that is not wanted any more, then asks what became of it: it may have been paid at the last moment.
 *
 * @throws ProviderError when the provider can't be asked: to be tried again
 */
export async function closePayment(deps: Deps, selling: Selling, paymentId: number): Promise<void> {
  const payment = await reading(deps.database, (db) => findPayment(db, paymentId))
  if (!payment || isOver(payment)) return
  await selling.providers
    .get(payment.provider)
    ?.close({ key: payment.attempt_key, reference: payment.reference, charge: payment.charge })
  await settlePayment(deps, selling, payment)
}

const isOver = ({ status }: Payment) => status === 'paid' || status === 'expired' || status === 'cancelled'

/** One provider that does not answer keeps nobody else from being asked; its payments come up again. */
async function tolerant(log: Logger, ask: () => Promise<void>): Promise<void> {
  try {
    await ask()
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error
    log.warn({ err: error }, 'a payment provider could not be asked')
  }
}
