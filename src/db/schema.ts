import type { Generated } from 'kysely'
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
}

export type UserTable = {
  id: Generated<number>
  name: string
  /** As it was written. */
  email: string
  /** The email in lower case; unique. */
  email_key: string
  password_hash: string
  role: 'customer' | 'organizer'
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
  created_at: Timestamp
  updated_at: Timestamp
}

export type BookingTable = {
  /** From an id block. */
  id: number
  customer_id: number
  event_id: number
  quantity: number
  total_price: number
  status: 'pending' | 'success' | 'failed'
  created_at: Timestamp
  updated_at: Timestamp
}

export type TicketTable = {
  /** From an id block. */
  id: number
  booking_id: number
  holder_name: string
  ticket_code: string
  status: 'unused' | 'used'
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
