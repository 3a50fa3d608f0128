import type { Readable } from 'node:stream'
import type { Language } from './language.ts'

/** What there is to say to people by mail. */
export const mailKinds = [
  'welcome',
  'email_changed',
  'password_reset',
  'staff_invitation',
  'booking_held',
  'booking_confirmed',
  'booking_expired',
  'booking_cancelled',
  'booking_refunded',
  'event_changed',
  'event_cancelled',
  'event_reminder',
  'ticket_offered',
  'ticket_received',
  'ticket_handed_over',
] as const
export type MailKind = (typeof mailKinds)[number]

/** A mail that is ready to be sent. */
export type Mail = Readonly<{
  /** Unique for each mail, and the same each time that it is tried: `mail-17`. */
  id: string
  to: Readonly<{ name: string; address: string }>
  language: Language
  subject: string
  text: string
  html: string
  attachments: readonly Readonly<{ filename: string; contentType: string; content: Buffer | Readable }>[]
}>

/** The way by which mails leave the house: an SMTP server or, where none is set up, a folder. */
export type Mailer = Readonly<{
  /**
   * Resolves when the mail is somebody else's to deliver.
   *
   * @throws MailRefused if trying again is of no use; any other error: it may be
   */
  send: (mail: Mail) => Promise<void>
  close: () => void
}>

/** This mail, or its recipient, is refused for good. */
export class MailRefused extends Error {
  override name = 'MailRefused'
}
