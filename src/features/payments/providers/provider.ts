import type { ProviderName } from '../../../db/schema.ts'

/** What a provider is asked to take from a customer. */
export type Attempt = Readonly<{
  /** Names this attempt; asked twice under one key, the provider makes one payment. */
  key: string
  /** In minor units. */
  amount: number
  currency: string
  /** What it is for, as the customer reads it: a line of text. */
  description: string
  customer: Readonly<{ name: string; email: string }>
  /** When it was written down, however often it is asked. */
  created_at: Date
  expires_at: Date
  /** Where the customer is sent when they are done; undefined if nowhere. */
  return_url: string | undefined
}>

/** How a provider names what it has opened, and where the customer pays. */
export type Opened = Readonly<{ reference: string; pay_url: string }>

/** What a provider says about a payment when it is asked. Only this is believed. */
export type Found = Readonly<{
  /** `review`: the provider has not decided, or a person must. `gone`: closed at the provider, never to be paid. */
  state: 'awaiting' | 'review' | 'paid' | 'failed' | 'gone'
  /** What was paid, in minor units, and in which currency; of a payment that awaits, what is asked. */
  amount: number
  currency: string
  /** The provider's name for the payment, where it became known later. */
  reference?: string | undefined
  /** What a refund must name, where that is not the reference. */
  charge?: string | undefined
  /** By which way, and why it failed: for people. */
  note?: string | undefined
}>

export type Refunded = Readonly<{
  /** `by_hand`: this way of paying can't be reversed by the provider. `failed`: it was refused, and a person must look. */
  state: 'done' | 'sent' | 'by_hand' | 'failed'
  reference?: string | undefined
  note?: string | undefined
}>

/** A payment as a provider must be told which one is meant. */
export type PaymentKey = Readonly<{ key: string; reference: string | null; charge: string | null }>

export type RefundOrder = Readonly<{
  payment: PaymentKey
  /** Names this refund; asked twice under one key, the money goes back once. */
  key: string
  amount: number
  /** What was paid in all; a refund of all of it may have another way. */
  paid: number
  currency: string
}>

/** What a webhook says, when it is known to come from the provider. */
export type Notice = Readonly<{
  /** The same for the same notice, however often it comes. */
  event_key: string
  /** Of the payment that it is about, by our name for it; undefined if it is about something else. */
  attempt_key: string | undefined
  /** Of the refund that it is about, where one that was done may still fail. */
  refund_key?: string | undefined
}>

export type Webhook = Readonly<{
  headers: Readonly<Record<string, string | string[] | undefined>>
  /** As it came: signatures are made of bytes. */
  body: Buffer
  now: Date
}>

/**
 * The one way to a payment provider. Each call but `readNotice` and `minimum` is remote: it ends within a time-out, and
 * rejects with ProviderError when the outcome is not known or the provider refuses.
 */
export type PaymentProvider = Readonly<{
  name: ProviderName
  /** The least that it takes in this currency, in minor units; undefined if it does not take the currency. */
  minimum: (currency: string) => number | undefined
  open: (attempt: Attempt) => Promise<Opened>
  /** Undefined if the provider has never heard of it. */
  find: (payment: PaymentKey) => Promise<Found | undefined>
  /** So that it can't be paid any more; does nothing if it is paid or closed already. */
  close: (payment: PaymentKey) => Promise<void>
  refund: (order: RefundOrder) => Promise<Refunded>
  /** What became of a refund that was `sent`; undefined where the provider can't be asked. */
  findRefund: (order: RefundOrder & { reference: string | null }) => Promise<Refunded | undefined>
  /**
   * @throws DomainError `webhook_forged`, `invalid_webhook`
   */
  readNotice: (webhook: Webhook) => Notice
}>

/** What went wrong at a provider. */
export class ProviderError extends Error {
  override name = 'ProviderError'
  /**
   * `refused`: it understood and said no, so asking again is no use. `unknown`: no answer, or one that says nothing; what
   * was asked may have happened.
   */
  readonly kind: 'refused' | 'unknown'

  constructor(kind: ProviderError['kind'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.kind = kind
  }
}
