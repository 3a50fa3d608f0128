import { Type } from 'typebox'
import type { PaymentTable, ProviderName, RefundTable } from '../../db/schema.ts'
import { Id, Moment, Strict, TextField } from '../../http/schemas.ts'

const url_length_max = 1_000
const note_length_max = 500

export const providerNames: readonly ProviderName[] = ['midtrans', 'xendit', 'stripe', 'sandbox']
const Provider = Type.Unsafe<ProviderName>({ type: 'string', enum: providerNames, examples: ['midtrans'] })
const paymentStatuses = ['opening', 'awaiting', 'paid', 'failed', 'expired', 'cancelled', 'review'] as const
const refundStatuses = ['due', 'sent', 'by_hand', 'done'] as const
const reasons = ['cancelled', 'event_cancelled', 'paid_too_late', 'paid_twice', 'wrong_amount'] as const
const MaybeMoment = Type.Union([Moment, Type.Null()])
const Amount = Type.Integer({ description: 'In minor units of the currency', examples: [1500000] })
const Currency = Type.String({ examples: ['IDR'] })
const AmountText = Type.String({ description: 'The amount as people read it', examples: ['Rp 1.500.000'] })

export const OpenPaymentBody = Strict({
  provider: Type.Optional(
    Type.Unsafe<ProviderName>({ ...Provider, description: 'Left out: the first that takes such an amount' }),
  ),
  return_url: Type.Optional(
    Type.String({
      maxLength: url_length_max,
      pattern: '^https?://[^\\s]+$',
      description: 'Where the customer is sent when they are done',
      examples: ['https://tickets.example/done'],
    }),
  ),
})

export const PaymentView = Type.Object({
  id: Id,
  booking_id: Id,
  provider: Provider,
  amount: Amount,
  amount_text: AmountText,
  currency: Currency,
  status: Type.Unsafe<PaymentTable['status']>({
    type: 'string',
    enum: paymentStatuses,
    description:
      '`opening` until the provider has answered, then `awaiting`. After `failed`, the customer may try again. ' +
      '`review`: its provider has not decided.',
    examples: ['awaiting'],
  }),
  pay_url: Type.Union([Type.String(), Type.Null()], {
    description: 'Where to pay; null if there is nothing to pay any more',
    examples: ['https://app.midtrans.com/snap/v4/redirection/66e4fa55-fdac-4ef9-91b5-733b97d1b862'],
  }),
  note: Type.Union([Type.String(), Type.Null()], {
    description: 'By which way it was paid, or why it was not',
    examples: ['qris'],
  }),
  paid_at: MaybeMoment,
  created_at: Moment,
  updated_at: Moment,
})

export const ProviderView = Type.Object({ name: Provider })

export const RefundStatus = Type.Unsafe<RefundTable['status']>({
  type: 'string',
  enum: refundStatuses,
  examples: ['by_hand'],
})
export const RefundView = Type.Object({
  id: Id,
  booking_id: Id,
  payment_id: Id,
  amount: Amount,
  amount_text: AmountText,
  currency: Currency,
  status: Type.Unsafe<RefundTable['status']>({
    ...RefundStatus,
    description: '`by_hand` waits for a person to pay it back; `sent` for the provider',
  }),
  reason: Type.Unsafe<RefundTable['reason']>({ type: 'string', enum: reasons, examples: ['cancelled'] }),
  note: Type.Union([Type.String(), Type.Null()], {
    description: 'What the provider said, or the person who paid it back',
    examples: ['paid by bank_transfer'],
  }),
  done_at: MaybeMoment,
  created_at: Moment,
  updated_at: Moment,
})

export const CompleteRefundBody = Strict({
  note: Type.Optional(TextField(note_length_max, {}, { examples: ['Transferred to BCA 123 on Monday'] })),
})

export const NoticeView = Type.Object({
  id: Id,
  provider: Provider,
  attempt_key: Type.Union([Type.String(), Type.Null()], {
    description: 'The payment that it is about, as we name it to the provider',
    examples: ['karcis-12-9f86d081884c7d659a2feaa0'],
  }),
  outcome: Type.Unsafe<'waiting' | 'applied' | 'unknown'>({
    type: 'string',
    enum: ['waiting', 'applied', 'unknown'],
    description: '`applied`: the provider was asked because of it. `unknown`: it is about no payment of ours',
    examples: ['unknown'],
  }),
  body: Type.String({ description: 'As it came', examples: ['{"order_id":"karcis-12-9f86d081884c7d659a2feaa0"}'] }),
  received_at: Moment,
  applied_at: MaybeMoment,
})
