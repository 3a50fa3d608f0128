import { announce } from '../../db/changes.ts'
import type { Tx } from '../../db/database.ts'
import type { Language } from '../../lib/language.ts'
import type { Timestamp } from '../../lib/time.ts'
import { putInOutbox, type NewMessage } from '../outbox/put.ts'
import { insertMails, listWaitingByKeys } from './mail.sql.ts'

/** A statement takes so many parameters, and no more. */
const rows_max = 500

type Nothing = Readonly<Record<string, never>>

/** Beside the ids, what a mail has to say that no row tells any more when it is sent. No secrets, and no names. */
export type MailDetails = {
  welcome: Nothing
  email_changed: Nothing
  password_reset: Nothing
  staff_invitation: Nothing
  booking_held: Nothing
  booking_confirmed: Nothing
  booking_expired: Nothing
  /** `refund`: what goes back, in minor units of the booking's currency. */
  booking_cancelled: { ticket_ids: readonly number[]; refund: number; by: 'customer' | 'organizer' }
  booking_refunded: { refund_id: number }
  /** What was before; a field that stays the same is left out. */
  event_changed: { was: { title?: string; location?: string; date?: Timestamp } }
  event_cancelled: { reason: string | null }
  event_reminder: Nothing
  ticket_offered: { transfer_id: number }
  ticket_received: { transfer_id: number }
  ticket_handed_over: { transfer_id: number }
}

/** Whom a mail is for: somebody with an account, or an address with no account, and in which language. */
export type Recipient = { user_id: number } | { email: string; language: Language }

export type NewMail = {
  [Kind in keyof MailDetails]: {
    kind: Kind
    /** Names this mail among all, so that it is not written twice: up to 128 printable ASCII characters. */
    key: string
    to: Recipient
    organizer_id?: number
    event_id?: number
    booking_id?: number
    ticket_id?: number
    details: MailDetails[Kind]
    at: Timestamp
    /** Not before this moment; at once if left out. */
    run_at?: Timestamp
  }
}[keyof MailDetails]

/**
 * Writes mails in the transaction of their cause; the worker sends them. After the commit, `deps.wake()`.
 * One with a key that is there already is left as it is.
 */
export async function putMail(tx: Tx, ...mails: readonly NewMail[]): Promise<void> {
  for (let from = 0; from < mails.length; from += rows_max) await putSome(tx, mails.slice(from, from + rows_max))
}

async function putSome(tx: Tx, mails: readonly NewMail[]): Promise<void> {
  await insertMails(tx, mails.map(rowOf))
  const byKey = new Map(mails.map((mail) => [mail.key, mail]))
  const waiting = await listWaitingByKeys(tx, [...byKey.keys()])
  for (const { id, dedup_key } of waiting) {
    const { to, at } = byKey.get(dedup_key)!
    if ('user_id' in to) announce(tx, at, { mails: [[id, to.user_id]] })
  }
  await putInOutbox(
    tx,
    ...waiting.map(({ id, dedup_key }) => {
      const { at, run_at } = byKey.get(dedup_key)!
      return sendingOf(id, { at, run_at })
    }),
  )
}

/** The message that sends this mail. */
const sendingOf = (id: number, { at, run_at = at }: { at: Timestamp; run_at?: Timestamp | undefined }): NewMessage => ({
  kind: 'send_mail',
  key: `mail ${id}`,
  payload: { mail_id: id },
  at,
  run_at,
})

function rowOf({ kind, key, to, organizer_id, event_id, booking_id, ticket_id, details, at }: NewMail) {
  return {
    kind,
    dedup_key: key,
    user_id: 'user_id' in to ? to.user_id : null,
    email: 'email' in to ? to.email : null,
    organizer_id: organizer_id ?? null,
    event_id: event_id ?? null,
    booking_id: booking_id ?? null,
    ticket_id: ticket_id ?? null,
    details: JSON.stringify('email' in to ? { ...details, language: to.language } : details),
    status: 'waiting' as const,
    last_error: null,
    sent_at: null,
    created_at: at,
    updated_at: at,
  }
}
