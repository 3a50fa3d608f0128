import type { Tx } from '../../db/database.ts'
import { inTransaction } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import { addSeconds, toTimestamp, type Timestamp } from '../../lib/time.ts'
import type { Booking } from '../bookings/booking.ts'
import type { NewMessage } from '../outbox/put.ts'
import { listBookingsToMail } from './mail.sql.ts'
import type { Ticket } from '../tickets/tickets.sql.ts'
import { putMail, type MailDetails, type NewMail } from './put-mail.ts'

const bookings_max = 250
/** Who pays at once is not told to pay. */
const held_after_s = 60
const crowd_s_max = 60

/**
 * What makes the mails of bookings that are made together: as few messages as there can be. The larger the crowd, the
 * longer they wait, so that selling has the machine for itself while everyone comes at once.
 */
export function bookingMessages(ids: readonly number[], at: Timestamp): NewMessage[] {
  const chunks = Array.from({ length: Math.ceil(ids.length / bookings_max) }, (_, index) =>
    ids.slice(index * bookings_max, (index + 1) * bookings_max),
  )
  return chunks.map((booking_ids) => ({
    kind: 'mail_bookings',
    key: `bookings ${booking_ids[0]} ${booking_ids.length}`,
    payload: { booking_ids },
    at,
    run_at: addSeconds(at, Math.min(ids.length - 1, crowd_s_max)),
  }))
}

/** Tells the customers of these bookings that they have their tickets, or until when they may pay. */
export async function mailBookings(deps: Deps, ids: readonly number[]): Promise<void> {
  const at = toTimestamp(deps.now())
  await inTransaction(deps.database, async (tx) => {
    const bookings = await listBookingsToMail(tx, ids)
    await putMail(
      tx,
      ...bookings.map((booking) =>
        booking.status === 'success'
          ? confirmation(booking, at)
          : mailOf(booking, {
              kind: 'booking_held',
              key: `booking ${booking.id} held`,
              details: {},
              at,
              run_at: addSeconds(booking.created_at, held_after_s),
            }),
      ),
    )
  })
  deps.wake()
}

/** Tells the customer that the tickets are theirs. */
export const putConfirmation = (tx: Tx, booking: MailedBooking, at: Timestamp): Promise<void> =>
  putMail(tx, confirmation(booking, at))

/** The mail to a booking's customer. */
export function mailOf(booking: MailedBooking, mail: BookingMail): NewMail {
  const { id, customer_id, event_id, organizer_id } = booking
  return { ...mail, to: { user_id: customer_id }, booking_id: id, event_id, organizer_id }
}

/** A ticket that somebody else than its customer holds. */
export type HandedOver = Ticket & { holder_email: string }

/** The mail to who holds a ticket that has ended: a ticket ends once. */
export function mailToHolder(ticket: HandedOver, mail: EndOfTicket): NewMail {
  const { id, event_id, booking_id, organizer_id, holder_email: email, holder_language } = ticket
  const to = { email, language: holder_language ?? 'en' } as const
  return { ...mail, key: `ticket ${id} ended`, to, event_id, booking_id, organizer_id, ticket_id: id }
}

type EndOfTicket =
  | { kind: 'booking_cancelled'; details: MailDetails['booking_cancelled']; at: Timestamp }
  | { kind: 'event_cancelled'; details: MailDetails['event_cancelled']; at: Timestamp }

export type MailedBooking = Pick<Booking, 'id' | 'customer_id' | 'event_id' | 'organizer_id'>
type Unaddressed<Mail> = Mail extends NewMail ? Omit<Mail, 'to' | 'organizer_id' | 'event_id' | 'booking_id'> : never
type BookingMail = Unaddressed<NewMail>

const confirmation = (booking: MailedBooking, at: Timestamp): NewMail =>
  mailOf(booking, { kind: 'booking_confirmed', key: `booking ${booking.id} confirmed`, details: {}, at })
