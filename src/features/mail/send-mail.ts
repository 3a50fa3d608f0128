import { buffer } from 'node:stream/consumers'
import { inTransaction, reading } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import { DomainError } from '../../lib/errors.ts'
import type { Language } from '../../lib/language.ts'
import { MailRefused, type Mail } from '../../lib/mail.ts'
import { count } from '../../lib/metrics.ts'
import { addSeconds, toTimestamp } from '../../lib/time.ts'
import { traced } from '../../lib/tracing.ts'
import { calendarOf } from '../documents/calendar.ts'
import { printTickets } from '../documents/print-tickets.ts'
import { TryLater } from '../outbox/run-outbox.ts'
import { composeLetter } from './compose-letter.ts'
import { findMail, updateMail, type MailRow } from './mail.sql.ts'
import { readMail, type ReadMail } from './read-mail.ts'
import { renderLetter } from './render-letter.ts'

/** With the waits between them, some three days: as long as mail servers themselves try. */
const attempts_max = 440
const wait_s = 5
const wait_s_max = 600
/** Within the time that the outbox gives a handler. */
const patience_ms = 20_000
/** Longer than printing and sending may take together: nobody begins again what may still be under way. */
const under_way_s_max = 600
const error_length_max = 500

const fileNames: Readonly<Record<Language, { tickets: string; calendar: string }>> = {
  en: { tickets: 'tickets.pdf', calendar: 'event.ics' },
  id: { tickets: 'tiket.pdf', calendar: 'acara.ics' },
}

/**
 * Sends a mail, if it has not been sent, to whoever is to have it by now. A mail server that is away loses nothing: the
 * mail is tried again for days, and what is given up then waits for somebody to send it again.
 *
 * A server that takes its time is left to it: what was given up while it took the mail would come twice. The sending
 * goes on, notes its own end, and is looked at again when it must have ended.
 *
 * @throws TryLater when it could not be sent now, or is still under way
 */
export async function sendMail(deps: Deps, mailId: number, limits = { patience_ms }): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const tooSlow = new Promise<never>((_, reject) => {
    const leave = () => reject(new TryLater(addSeconds(toTimestamp(deps.now()), under_way_s_max)))
    timer = setTimeout(leave, limits.patience_ms)
  })
  await Promise.race([trySending(deps, mailId), tooSlow]).finally(() => clearTimeout(timer))
}

async function trySending(deps: Deps, mailId: number): Promise<void> {
  const row = await reading(deps.database, (db) => findMail(db, mailId))
  if (row?.status !== 'waiting') return
  try {
    const read = await readMail(deps, row)
    if (!read) return await note(deps, row, { status: 'dropped', last_error: null })
    const mail = await writeMail(deps, row, read)
    await traced(`mail ${row.kind}`, { mail_id: row.id }, () => deps.mailer.send(mail))
  } catch (error) {
    // Without the database nothing can be noted; the message itself comes again.
    if (error instanceof DomainError) throw error
    return putOff(deps, row, error)
  }
  const at = toTimestamp(deps.now())
  await note(deps, row, { status: 'sent', attempts: row.attempts + 1, last_error: null, sent_at: at })
}

async function writeMail(deps: Deps, { id }: MailRow, read: ReadMail): Promise<Mail> {
  const { to, language, facts, image, calendar, ticket_ids } = read
  const url = await read.makeUrl()
  const letter = composeLetter(facts, language, { url, image })
  const names = fileNames[language]
  const attachments: Mail['attachments'][number][] = []
  if (ticket_ids.length > 0) {
    // Whole, not as it is printed: a slow mail server would be taken for a reader who has stopped.
    const content = await buffer(await printTickets(deps, ticket_ids, { language, size: 'a4', asker: 'mail' }))
    attachments.push({ filename: names.tickets, contentType: 'application/pdf', content })
  }
  if (calendar) {
    const content = Buffer.from(calendarOf(calendar, { language }))
    attachments.push({ filename: names.calendar, contentType: 'text/calendar; charset=utf-8; method=PUBLISH', content })
  }
  return { id: `mail-${id}`, to, language, subject: letter.subject, ...renderLetter(letter, language), attachments }
}

async function putOff(deps: Deps, row: MailRow, error: unknown): Promise<void> {
  const attempts = row.attempts + 1
  const last_error = withoutAddresses(String(error)).slice(0, error_length_max).toWellFormed()
  const isOver = error instanceof MailRefused || attempts >= attempts_max
  await note(deps, row, { status: isOver ? 'failed' : 'waiting', attempts, last_error })
  if (isOver) return
  // Half of it at random: what failed together should not come again together.
  const wait = Math.min(wait_s_max, wait_s * 2 ** Math.min(attempts, 10)) * (0.5 + Math.random() / 2)
  throw new TryLater(addSeconds(toTimestamp(deps.now()), wait))
}

/** Unless somebody else has noted its end meanwhile. */
async function note(
  deps: Deps,
  { id, kind }: MailRow,
  change: Parameters<typeof updateMail>[2] & Pick<MailRow, 'status'>,
): Promise<void> {
  const at = toTimestamp(deps.now())
  await inTransaction(deps.database, (tx) => updateMail(tx, id, { ...change, updated_at: at }))
  count('karcis_mails_total', { kind, status: change.status })
}

/** Mail servers like to repeat whom they refuse. */
const withoutAddresses = (text: string): string => text.replaceAll(/[^\s<>"']+@[^\s<>"']+/g, '…')
