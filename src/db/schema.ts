import type { Generated, GeneratedAlways } from 'kysely'
import type { Role } from '../lib/caller.ts'
import type { Language } from '../lib/language.ts'
import type { MailKind } from '../lib/mail.ts'
import type { Timestamp } from '../lib/time.ts'

/** The tables as the code sees them; migrations/ makes them. Money is an integer in minor units. */
export type Schema = {
  user: UserTable
  event: EventTable
  booking: BookingTable
  ticket: TicketTable
  id_block: IdBlockTable
  idempotency_key: IdempotencyKeyTable
  group_fence: { id: number; created_at: Timestamp }
  session: SessionTable
  refresh_token: RefreshTokenTable
  password_reset: PasswordResetTable
  api_key: ApiKeyTable
  event_staff: { event_id: number; user_id: number; created_at: Timestamp }
  signing_key: { id: string; secret: string; created_at: Timestamp }
  audit_entry: AuditEntryTable
  ticket_type: TicketTypeTable
  hold: HoldTable
  payment: PaymentTable
  refund: RefundTable
  payment_notice: PaymentNoticeTable
  ledger_entry: LedgerEntryTable
  outbox: OutboxTable
  event_cancellation: EventCancellationTable
  sandbox_payment: SandboxPaymentTable
  sandbox_refund: SandboxRefundTable
  signature_key: SignatureKeyTable
  mail: MailTable
  check_in: CheckInTable
  ticket_transfer: TicketTransferTable
  event_image: EventImageTable
  live_change: LiveChangeTable
}

export type UserTable = {
  id: Generated<number>
  name: string
  /** As it was written. */
  email: string
  /** The email in lower case; unique. Of a deleted user it is free again, and this is `deleted <id>`. */
  email_key: string
  password_hash: string
  role: Role
  /** In which mails are written. */
  language: Generated<Language>
  /** When its owner followed the link that was mailed there; null again when the email changes. */
  email_confirmed_at: Generated<Timestamp | null>
  /** Counts the changes. */
  version: Generated<number>
  deleted_at: Generated<Timestamp | null>
  /** When name and email were erased for good. */
  erased_at: Generated<Timestamp | null>
  created_at: Timestamp
  updated_at: Timestamp
}

export type EventTable = {
  id: Generated<number>
  organizer_id: number
  title: string
  location: string
  capacity: number
  /** Seats not sold yet, 0 to capacity. */
  available_seat: number
  /** Of its first ticket type, by position and id: what version 1 shows and sells. */
  price: number
  /** 1 while the organizer keeps the sale closed. Sold out is not stored: it is available_seat = 0. */
  closed: 0 | 1
  date: Timestamp
  /** ISO 4217. */
  currency: Generated<string>
  /** IANA. */
  time_zone: Generated<string>
  description: Generated<string>
  /** JSON of an array of texts. */
  categories: Generated<string>
  sales_open_at: Generated<Timestamp | null>
  sales_close_at: Generated<Timestamp | null>
  /** How long seats are kept for who has yet to pay. */
  hold_minutes: Generated<number>
  /** Until so many hours before it begins, customers may cancel; null: they may not. */
  cancel_until_hours: Generated<number | null>
  /** Of what they paid, so much goes back to them. */
  cancel_refund_percent: Generated<number>
  cancelled_at: Generated<Timestamp | null>
  ends_at: Generated<Timestamp | null>
  /** Nobody is admitted before; null: whenever somebody comes. */
  doors_open_at: Generated<Timestamp | null>
  /** 1: who leaves may come back. */
  reentry: Generated<0 | 1>
  /** Holders may be renamed and tickets handed over until so many hours before it begins; null: they may not. */
  names_until_hours: Generated<number | null>
  /** When its guests are to be reminded of it; null when they have been. */
  remind_at: Generated<Timestamp | null>
  /** Counts the changes by its organizer, those of its ticket types included; sales don't count. */
  version: Generated<number>
  deleted_at: Generated<Timestamp | null>
  created_at: Timestamp
  updated_at: Timestamp
}

/** What may follow what: features/bookings/booking-status.ts. */
export type BookingStatus =
  'pending' | 'success' | 'failed' | 'expired' | 'cancelled' | 'partially_refunded' | 'refunded'

export type BookingTable = {
  /** From an id block. */
  id: number
  customer_id: number
  event_id: number
  /** The event's; an event never changes hands. */
  organizer_id: number
  quantity: number
  total_price: number
  /** The event's. */
  currency: Generated<string>
  status: BookingStatus
  /** Of the total, what has gone back to the customer or is on its way. */
  refunded: Generated<number>
  /** Until when its seats are held; null if it succeeded at once. */
  expires_at: Generated<Timestamp | null>
  /** Its seats have gone back to the event. */
  deleted_at: Generated<Timestamp | null>
  created_at: Timestamp
  updated_at: Timestamp
}

export type TicketTable = {
  /** From an id block. */
  id: number
  booking_id: number
  /** Of its booking; none of the three ever changes. */
  event_id: number
  organizer_id: number
  customer_id: number
  holder_name: string
  ticket_code: string
  ticket_type_id: Generated<number>
  /** What was asked for it. */
  price: Generated<number>
  /** A void one admits nobody. */
  status: 'unused' | 'used' | 'void'
  /** Counts its hand-overs; its tokens name it, so that those from before admit nobody. */
  version: Generated<number>
  /** Who it was handed to; null: it is its customer's. */
  holder_email: Generated<string | null>
  holder_language: Generated<Language | null>
  /** Since when its holder, who was in, is out; null: was never in, or is in. */
  left_at: Generated<Timestamp | null>
  /** With its booking. */
  deleted_at: Generated<Timestamp | null>
  created_at: Timestamp
  updated_at: Timestamp
}

/** The first id of each table that no server has leased yet (see id-blocks.ts). */
export type IdBlockTable = {
  name: 'booking' | 'ticket'
  next_id: number
}

/** The answer that was given for a key, kept for 24 hours. */
export type IdempotencyKeyTable = {
  /** Whose key it is. */
  scope: string
  idempotency_key: string
  /** A hash of what was asked. */
  fingerprint: string
  /** The body that was answered. */
  answer: string
  created_at: Timestamp
}

export type SessionTable = {
  id: string
  user_id: number
  created_at: Timestamp
  expires_at: Timestamp
  ended_at: Timestamp | null
}

export type RefreshTokenTable = {
  token_hash: string
  session_id: string
  created_at: Timestamp
  replaced_at: Timestamp | null
}

export type PasswordResetTable = {
  token_hash: string
  user_id: number
  created_at: Timestamp
  expires_at: Timestamp
}

export type ApiKeyTable = {
  id: Generated<number>
  owner_id: number
  name: string
  /** Its first characters, by which its owner tells it from others. */
  prefix: string
  key_hash: string
  /** Separated by spaces. */
  scopes: string
  created_at: Timestamp
  revoked_at: Timestamp | null
}

/** Written once, and never changed but to erase a person's data. */
export type AuditEntryTable = {
  id: Generated<number>
  at: Timestamp
  actor_id: number | null
  /** The actor's role then, `visitor`, or `system`. */
  actor: string
  api_key_id: number | null
  action: string
  entity: string
  entity_id: number | null
  /** Whose event it is about. */
  organizer_id: number | null
  request_id: string | null
  address: string | null
  /** JSON of what was before, without secrets. */
  was: string | null
  became: string | null
}

export type TicketTypeTable = {
  id: Generated<number>
  event_id: number
  name: string
  description: Generated<string>
  price: number
  /** Of its own, beside the event's; null if it has none. */
  capacity: number | null
  /** Of its capacity, what is not sold yet; null with it. */
  available_seat: number | null
  sales_open_at: Timestamp | null
  sales_close_at: Timestamp | null
  min_per_booking: Generated<number>
  max_per_booking: Generated<number>
  /** 1: shown to nobody but the organizer; who knows its id may book it. */
  hidden: Generated<0 | 1>
  position: Generated<number>
  version: Generated<number>
  deleted_at: Generated<Timestamp | null>
  created_at: Timestamp
  updated_at: Timestamp
}

export type HoldTable = {
  booking_id: number
  event_id: number
  /** Null when it has expired: its seats are back on sale, and its items are kept for money that comes too late. */
  expires_at: Timestamp | null
  /** JSON of BookedItem[] (features/bookings/booking.ts): of what its tickets are made when it is paid. */
  items: string
}

export type ProviderName = 'midtrans' | 'xendit' | 'stripe' | 'sandbox'

export type PaymentTable = {
  id: Generated<number>
  booking_id: number
  provider: ProviderName
  /** Names this attempt to the provider, who makes at most one payment of it. */
  attempt_key: string
  amount: number
  currency: string
  /** `opening` until the provider has answered; `review`: its provider has not decided, or a person must there. */
  status: 'opening' | 'awaiting' | 'paid' | 'failed' | 'expired' | 'cancelled' | 'review'
  /** The provider's name for it. */
  reference: string | null
  /** What a refund must name at the provider, where that is not the reference. */
  charge: string | null
  pay_url: string | null
  /** Why it failed or waits for a person. */
  note: string | null
  /** When the provider is to be asked again; null: never. */
  check_at: Timestamp | null
  checks: Generated<number>
  paid_at: Timestamp | null
  created_at: Timestamp
  updated_at: Timestamp
}

export type RefundTable = {
  id: Generated<number>
  payment_id: number
  booking_id: number
  organizer_id: number
  /** Names it to the provider, who pays back once for it. */
  refund_key: string
  amount: number
  currency: string
  /** `due` until the provider has taken it on; `by_hand` waits for a person. */
  status: 'due' | 'sent' | 'by_hand' | 'done'
  reason: 'cancelled' | 'event_cancelled' | 'paid_too_late' | 'paid_twice' | 'wrong_amount'
  reference: string | null
  note: string | null
  check_at: Timestamp | null
  done_at: Timestamp | null
  created_at: Timestamp
  updated_at: Timestamp
}

export type PaymentNoticeTable = {
  id: Generated<number>
  provider: ProviderName
  /** Unique with the provider: the same notice is kept once. */
  event_key: string
  attempt_key: string | null
  body: string
  /** `waiting` until it is applied; `unknown` names a payment that is not ours, and waits for a person. */
  outcome: 'waiting' | 'applied' | 'unknown'
  received_at: Timestamp
  applied_at: Timestamp | null
}

/** Written once. The amounts of one cause add up to 0 in its currency. */
export type LedgerEntryTable = {
  id: Generated<number>
  /** What it was written for: `payment 7`, `refund 3 due`. */
  cause: string
  account: string
  /** Debit above 0, credit below. */
  amount: number
  currency: string
  event_id: number
  booking_id: number
  at: Timestamp
}

/** What must happen outside the database (features/outbox). A row that is done is gone. */
export type OutboxTable = {
  id: Generated<number>
  kind: string
  /** The same work is not kept twice at a time. */
  dedup_key: string
  payload: string
  /** When it may be tried; in the future while somebody works on it. Null when it is dead. */
  run_at: Timestamp | null
  attempts: Generated<number>
  last_error: string | null
  dead_at: Timestamp | null
  /** Of the kind: `payments` or `work`. */
  lane: GeneratedAlways<string>
  traceparent: Generated<string | null>
  created_at: Timestamp
}

/** The job that cancels all bookings of an event, and how far it is. */
export type EventCancellationTable = {
  event_id: number
  reason: string | null
  /** How many there were when it began. */
  bookings: number
  cancelled: Generated<number>
  last_booking_id: Generated<number>
  created_at: Timestamp
  finished_at: Timestamp | null
}

/** What the sandbox provider remembers (features/payments/providers/sandbox.ts), as a remote one would. */
export type SandboxPaymentTable = {
  attempt_key: string
  amount: number
  currency: string
  description: string
  status: 'open' | 'paid' | 'declined' | 'closed'
  expires_at: Timestamp
  return_url: string | null
  paid_at: Timestamp | null
  created_at: Timestamp
}

export type SandboxRefundTable = {
  refund_key: string
  attempt_key: string
  amount: number
  created_at: Timestamp
}

/** Ed25519 (features/signatures). */
export type SignatureKeyTable = {
  id: string
  /** 32 bytes, base64url. */
  public_key: string
  /** Its seed, 32 bytes, base64url; null when it has had a successor for a day. */
  secret_key: string | null
  created_at: Timestamp
}

/** A mail to one person (features/mail). Secrets are not in it: they are made when it is sent. */
export type MailTable = {
  id: Generated<number>
  kind: MailKind
  /** The same mail is not written twice. */
  dedup_key: string
  user_id: number | null
  /** Of somebody who has no account. */
  email: string | null
  /** Whose event it is about: who sees it and may send it again. */
  organizer_id: number | null
  event_id: number | null
  booking_id: number | null
  ticket_id: number | null
  /** JSON of what can't be read from other rows any more, such as what was changed. */
  details: string
  /** `failed`: given up, until somebody sends it again; `dropped`: there is nobody to send it to any more. */
  status: 'waiting' | 'sent' | 'failed' | 'dropped'
  attempts: Generated<number>
  last_error: string | null
  sent_at: Timestamp | null
  created_at: Timestamp
  updated_at: Timestamp
}

/** What happened at a door (features/check-ins). */
export type CheckInTable = {
  id: Generated<number>
  ticket_id: number
  event_id: number
  ticket_type_id: number
  /** `conflict`: a device without network let in somebody who should not have got in. */
  kind: 'admitted' | 'left' | 'returned' | 'conflict'
  /** As the staff call it; empty if nobody said. */
  door: string
  /** When it happened, by the clock of the device if that was without network. */
  at: Timestamp
  /** Names a scan of a device without network, so that it counts once however often it is uploaded. */
  scan_id: string | null
  /** Of a conflict. */
  reason: string | null
  actor_id: number | null
  api_key_id: number | null
  undone_at: Timestamp | null
  created_at: Timestamp
}

/** The offer of a ticket to somebody else (features/transfers). */
export type TicketTransferTable = {
  id: Generated<number>
  ticket_id: number
  event_id: number
  organizer_id: number
  customer_id: number
  /** The ticket's when it was offered: of two offers, one can be accepted. */
  ticket_version: number
  email: string
  language: Language
  status: 'offered' | 'accepted' | 'withdrawn' | 'declined'
  expires_at: Timestamp
  created_at: Timestamp
  updated_at: Timestamp
}

export type EventImageTable = {
  id: Generated<number>
  event_id: number
  /** The first one is on tickets and in mails. */
  position: number
  /** For who can't see it. */
  alt: Generated<string>
  /** JSON of its files, small to large: name, width, height, bytes. */
  files: string
  created_at: Timestamp
}

/** What a transaction changed (db/changes.ts); kept for some minutes. */
export type LiveChangeTable = {
  id: Generated<number>
  /** JSON of `Changes`. */
  what: string
  at: Timestamp
}
