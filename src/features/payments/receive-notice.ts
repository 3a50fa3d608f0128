import { randomUUID } from 'node:crypto'
import type { ProviderName } from '../../db/schema.ts'
import { inTransaction, reading } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import { DomainError } from '../../lib/errors.ts'
import { count } from '../../lib/metrics.ts'
import { toTimestamp } from '../../lib/time.ts'
import { putInOutbox } from '../outbox/put.ts'
import {
  findNotice,
  findNoticeById,
  findPaymentByKey,
  insertNotice,
  setNoticeApplied,
  type Payment,
} from './payments.sql.ts'
import type { Notice, PaymentProvider, Webhook } from './providers/provider.ts'
import { listRefundsOf } from './refunds.sql.ts'
import type { Selling } from './selling.ts'
import { recheckRefund } from './recheck-refund.ts'
import { checkRefund } from './send-refund.ts'
import { settlePayment } from './settle-payment.ts'

const body_length_max = 64 * 1_024

/**
 * Takes what a provider tells: verified, then written down once, and answered. What follows from it is the worker's
 * affair. A notice about a payment that is not ours is kept for a person.
 *
 * @throws DomainError `provider_not_found`, `webhook_forged`, `invalid_webhook`
 */
export async function receiveNotice(deps: Deps, selling: Selling, name: string, webhook: Webhook): Promise<void> {
  const provider = [...selling.providers.values()].find((one) => one.name === name)
  if (!provider) throw new DomainError('provider_not_found')
  await keepNotice(deps, provider.name, readNotice(provider, webhook), webhook.body.toString('utf8'))
  count('karcis_webhooks_total', { provider: provider.name, outcome: 'received' })
}

function readNotice(provider: PaymentProvider, webhook: Webhook): Notice {
  try {
    return provider.readNotice(webhook)
  } catch (error) {
    count('karcis_webhooks_total', { provider: provider.name, outcome: 'refused' })
    throw error
  }
}

/** The same from a provider that is part of this server, and needs no webhook to tell. */
export async function noteChange(deps: Deps, provider: ProviderName, attempt_key: string): Promise<void> {
  await keepNotice(deps, provider, { event_key: `${attempt_key} ${randomUUID()}`, attempt_key }, '')
}

async function keepNotice(
  deps: Deps,
  provider: ProviderName,
  { event_key, attempt_key, refund_key }: Notice,
  body: string,
): Promise<void> {
  const at = toTimestamp(deps.now())
  try {
    await inTransaction(deps.database, async (tx) => {
      if (await findNotice(tx, provider, event_key)) return
      const payment = attempt_key === undefined ? undefined : await findPaymentByKey(tx, provider, attempt_key)
      const id = await insertNotice(tx, {
        provider,
        event_key,
        attempt_key: attempt_key?.slice(0, 255) ?? null,
        body: body.slice(0, body_length_max),
        outcome: payment ? 'waiting' : 'unknown',
        received_at: at,
        applied_at: null,
      })
      const payload = { notice_id: id, refund_key }
      if (payment) await putInOutbox(tx, { kind: 'apply_notice', key: `notice ${id}`, payload, at })
    })
  } catch (error) {
    // The same notice at the same moment: the other one is written down.
    if (deps.database.dialect.meaningOf(error) !== 'duplicate') throw error
  }
  deps.wake()
}

/**
 * Does what follows from a notice: its provider is asked about the payment, about refunds that it has not finished, and
 * about the one that the notice names, which may have come back.
 *
 * @throws ProviderError when the provider can't be asked: to be tried again
 */
export async function applyNotice(
  deps: Deps,
  selling: Selling,
  noticeId: number,
  refundKey: string | undefined,
): Promise<void> {
  const notice = await reading(deps.database, (db) => findNoticeById(db, noticeId))
  if (notice?.outcome !== 'waiting' || notice.attempt_key === null) return
  const { provider, attempt_key } = notice
  const payment = await reading(deps.database, (db) => findPaymentByKey(db, provider, attempt_key))
  if (payment) await lookInto(deps, selling, payment, refundKey)
  await inTransaction(deps.database, (tx) => setNoticeApplied(tx, noticeId, toTimestamp(deps.now())))
}

async function lookInto(deps: Deps, selling: Selling, payment: Payment, refundKey: string | undefined): Promise<void> {
  await settlePayment(deps, selling, payment)
  const refunds = await reading(deps.database, (db) => listRefundsOf(db, payment.booking_id))
  for (const refund of refunds) {
    if (refund.payment_id !== payment.id) continue
    if (refund.status === 'done' && refund.refund_key === refundKey) await recheckRefund(deps, selling, refund)
    else await checkRefund(deps, selling, refund)
  }
}
