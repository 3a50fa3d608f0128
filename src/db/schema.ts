import type { Generated } from 'kysely'
import type { Role } from '../lib/caller.ts'
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
  price: number
  /** 1 while the organizer keeps the sale closed. Sold out is not stored: it is available_seat = 0. */
  closed: 0 | 1
  date: Timestamp
  /** Counts the changes by its organizer; sales don't count. */
  version: Generated<number>
  deleted_at: Generated<Timestamp | null>
  created_at: Timestamp
  updated_at: Timestamp
}

export type BookingTable = {
  /** From an id block. */
  id: number
  customer_id: number
  event_id: number
  /** The event's; an event never changes hands. */
  organizer_id: number
  quantity: number
  total_price: number
  status: 'pending' | 'success' | 'failed'
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
  status: 'unused' | 'used'
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
