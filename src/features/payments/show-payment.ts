import type { Language } from '../../lib/language.ts'
import { formatMoney } from '../../lib/money.ts'
import { toRfc3339 } from '../../lib/time.ts'
import type { Payment, PaymentNotice } from './payments.sql.ts'
import type { Refund } from './refunds.sql.ts'

/** A payment as the API shows it; where to pay only as long as there is something to pay. */
export function showPayment(payment: Payment, language: Language) {
  const isOpen = payment.status === 'awaiting' || payment.status === 'opening' || payment.status === 'failed'
  return {
    ...payment,
    amount_text: formatMoney(payment.amount, payment.currency, language),
    pay_url: isOpen ? payment.pay_url : null,
    paid_at: payment.paid_at && toRfc3339(payment.paid_at),
    created_at: toRfc3339(payment.created_at),
    updated_at: toRfc3339(payment.updated_at),
  }
}

export function showRefund(refund: Refund, language: Language) {
  return {
    ...refund,
    amount_text: formatMoney(refund.amount, refund.currency, language),
    done_at: refund.done_at && toRfc3339(refund.done_at),
    created_at: toRfc3339(refund.created_at),
    updated_at: toRfc3339(refund.updated_at),
  }
}

export function showNotice(notice: PaymentNotice) {
  return {
    ...notice,
    received_at: toRfc3339(notice.received_at),
    applied_at: notice.applied_at && toRfc3339(notice.applied_at),
  }
}
