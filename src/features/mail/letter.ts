import type { MailKind } from '../../lib/mail.ts'

/** What a mail has to say, read from its rows when it is sent: whole sentences are made of it by letter-words.ts. */
export type Facts = Readonly<{
  kind: MailKind
  /** Of the reader, as far as it is known. */
  name: string
  /** Whether the reader holds a ticket that was handed over, and is not who booked. */
  isHolder?: boolean
  /** Of a booking: that others hold all of its tickets by now. */
  allHandedOver?: boolean
  event?: EventFacts
  booking?: BookingFacts
  /** Of a cancellation: how many tickets of the booking ended, whether those are all, and by whom. */
  cancelled?: Readonly<{ tickets: number; isAll: boolean; by: 'customer' | 'organizer' }>
  /** What goes back, or has gone, as people read it. */
  refund?: string
  reason?: string
  /** What was before, as people read it. */
  was?: Readonly<{ title?: string; location?: string; date?: string }>
  /** Who hands a ticket over. */
  from?: string
  /** Who has it now. */
  to?: string
  /** Until when something can be done, as people read it. */
  until?: string
}>

export type EventFacts = Readonly<{ title: string; location: string; when: string; doors?: string }>

export type BookingFacts = Readonly<{
  id: number
  /** As people read it; undefined if it costs nothing. */
  total?: string
  /** How many of each type. */
  types: readonly Readonly<{ name: string; count: number }>[]
}>

/** A mail in one language, before it has a form. */
export type Letter = Readonly<{
  subject: string
  /** What mailboxes show beside the subject. */
  preview: string
  title: string
  greeting: string
  paragraphs: readonly string[]
  /** A table of two columns. */
  facts: readonly Readonly<{ label: string; value: string }>[]
  button?: Readonly<{ label: string; url: string }>
  /** Below the button. */
  note?: string
  /** Said where the button can't be used. */
  instead: string
  footer: string
  image?: Readonly<{ url: string; alt: string }>
}>
