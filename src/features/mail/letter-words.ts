import type { Language } from '../../lib/language.ts'
import type { MailKind } from '../../lib/mail.ts'
import type { Facts } from './letter.ts'
import { english } from './words.en.ts'
import { indonesian } from './words.id.ts'

/** What a mail of one kind says. */
export type Said = Readonly<{
  subject: string
  title: string
  paragraphs: readonly string[]
  /** Left out: there is nothing to open. */
  button?: string
  note?: string
}>

/** All that mails say in one language. */
export type MailWords = Readonly<{
  greeting: (name: string) => string
  labels: Readonly<Record<'event' | 'when' | 'doors' | 'where' | 'booking' | 'tickets' | 'total' | 'refund', string>>
  /** Said where the button can't be used. */
  instead: string
  footer: string
  say: Readonly<Record<MailKind, (facts: Facts) => Said>>
}>

export const mailWords: Readonly<Record<Language, MailWords>> = { en: english, id: indonesian }
