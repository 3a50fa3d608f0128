import type { Generated } from 'kysely'
import type { Timestamp } from '../lib/time.ts'

/** The tables as the code sees them; migrations/ makes them. Money is an integer in minor units. */
export type Schema = {
  user: UserTable
  event: EventTable
  booking: BookingTable
  ticket: TicketTable
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
  id: Generated<number>
  customer_id: number
  event_id: number
  quantity: number
  total_price: number
  status: 'pending' | 'success' | 'failed'
  created_at: Timestamp
  updated_at: Timestamp
}

export type TicketTable = {
  id: Generated<number>
  booking_id: number
  holder_name: string
  ticket_code: string
  status: 'unused' | 'used'
  created_at: Timestamp
  updated_at: Timestamp
}
