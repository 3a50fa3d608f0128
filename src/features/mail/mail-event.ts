import type { Tx } from '../../db/database.ts'
import { inTransaction, reading } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import { toTimestamp, type Timestamp } from '../../lib/time.ts'
import { endReminder } from '../events/end-reminder.ts'
import { findEvent } from '../events/events.sql.ts'
import { putInOutbox } from '../outbox/put.ts'
import { listDueReminders, listGuestBookings, listHandedOver } from './mail.sql.ts'
import { putMail, type MailDetails, type NewMail, type Recipient } from './put-mail.ts'

/** Bookings whose mails are written in one transaction. */
const batch_max = 200
const reminders_max = 50

/** A mail to all guests of an event. */
export type EventMail = {
  event_id: number
  /** Names it among all that the event's guests are told. */
  key: string
  /** The booking after which to go on; from the first if left out. */
  after?: number
} & (
  | { kind: 'event_changed'; details: MailDetails['event_changed'] }
  | { kind: 'event_reminder'; details: MailDetails['event_reminder'] }
)

/** Has a mail written to all guests of an event, in the transaction of its cause. */
export async function putEventMail(tx: Tx, mail: EventMail, at: Timestamp): Promise<void> {
  const { event_id, key, after = 0 } = mail
  await putInOutbox(tx, { kind: 'mail_event', key: `event ${event_id} ${key} after ${after}`, payload: mail, at })
}

/**
 * Writes the mails of the next bookings, and the message that goes on behind them: an event of 80,000 guests is no
 * single transaction. Whoever has a ticket by hand-over gets a mail of their own.
 */
export async function mailEvent(deps: Deps, mail: EventMail): Promise<void> {
  const at = toTimestamp(deps.now())
  await inTransaction(deps.database, async (tx) => {
    const event = await findEvent(tx, mail.event_id)
    if (!event || event.cancelled_at || event.date <= at) return
    const bookings = await listGuestBookings(tx, mail.event_id, mail.after ?? 0, batch_max)
    if (bookings.length === 0) return
    const ids = bookings.map(({ id }) => id)
    const tickets = await listHandedOver(tx, ids)
    const { event_id, kind, details } = mail
    const written: NewMail[] = []
    const write = (
      whose: string,
      to: Recipient,
      about: { organizer_id: number; booking_id: number; ticket_id?: number },
    ) =>
      written.push({
        kind,
        details,
        key: `event ${event_id} ${mail.key} ${whose}`,
        to,
        event_id,
        ...about,
        at,
      } as NewMail)
    for (const { id, customer_id, organizer_id, gone_at } of bookings) {
      if (gone_at === null) write(`booking ${id}`, { user_id: customer_id }, { organizer_id, booking_id: id })
    }
    for (const { id, version, holder_email, holder_language, organizer_id, booking_id } of tickets) {
      const to = { email: holder_email, language: holder_language }
      write(`ticket ${id} ${version}`, to, { organizer_id, booking_id, ticket_id: id })
    }
    await putMail(tx, ...written)
    if (bookings.length === batch_max) await putEventMail(tx, { ...mail, after: ids.at(-1)! }, at)
  })
  deps.wake()
}

/** Reminds the guests of events that are near, each event once; returns of how many the reminder has been dealt with. */
export async function remindGuests(deps: Deps): Promise<number> {
  const at = toTimestamp(deps.now())
  const due = await reading(deps.database, (db) => listDueReminders(db, at, reminders_max))
  for (const { id } of due) {
    await inTransaction(deps.database, async (tx) => {
      // Of several workers, one finds it still due.
      if (!(await endReminder(tx, id, at))) return
      const event = await findEvent(tx, id)
      if (!event || event.cancelled_at || event.date <= at) return
      const key = `reminder ${event.date.slice(0, 16)}`
      await putEventMail(tx, { event_id: id, kind: 'event_reminder', key, details: {} }, at)
    })
  }
  if (due.length > 0) deps.wake()
  return due.length
}
