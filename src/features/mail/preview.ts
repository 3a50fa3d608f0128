import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { languages, type Language } from '../../lib/language.ts'
import { mailKinds, type MailKind } from '../../lib/mail.ts'
import { formatMoney } from '../../lib/money.ts'
import { momentText, timeText } from '../pages/moment-text.ts'
import { html, textOf } from '../../lib/html.ts'
import { composeLetter } from './compose-letter.ts'
import type { Facts } from './letter.ts'
import { renderLetter } from './render-letter.ts'

const zone = 'Asia/Jakarta'
const date = '2030-12-31 12:00:00'

/** Writes every mail in every language into a folder, as HTML and text, made up and without a database; says where. */
export async function previewMails(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true })
  const names: string[] = []
  for (const kind of mailKinds) {
    for (const language of languages) {
      const name = `${kind}.${language}`
      const { html: page, text } = previewOf(kind, language)
      await writeFile(join(folder, `${name}.html`), page)
      await writeFile(join(folder, `${name}.txt`), text)
      names.push(name)
    }
  }
  const index = html`<!doctype html>
    <meta charset="utf-8" />
    <title>Karcis: mails</title>
    <ul>
      ${names.map((name) => html`<li><a href="${name}.html">${name}</a> (<a href="${name}.txt">text</a>)</li>`)}
    </ul>`
  await writeFile(join(folder, 'index.html'), textOf(index))
  return `Wrote ${names.length} mails: open ${join(folder, 'index.html')}`
}

/** One mail of this kind, about what never was. */
export function previewOf(kind: MailKind, language: Language): { subject: string; html: string; text: string } {
  const url = 'https://tickets.example/go/booking?token=eyJhbGciOiJFZERTQSJ9.e30.c2lnbmF0dXJl'
  const letter = composeLetter(factsOf(kind, language), language, { url })
  return { subject: letter.subject, ...renderLetter(letter, language) }
}

const withoutEvent: ReadonlySet<MailKind> = new Set(['welcome', 'email_changed', 'password_reset', 'staff_invitation'])

function factsOf(kind: MailKind, language: Language): Facts {
  const money = (amount: number) => formatMoney(amount, 'IDR', language)
  const name = 'Ani Wulandari'
  if (withoutEvent.has(kind)) return { kind, name }
  const isAboutMoney = kind === 'booking_cancelled' || kind === 'booking_refunded'
  return {
    kind,
    name,
    event: {
      title: 'Konser Musik Nusantara',
      location: 'Stadion Utama, Jakarta',
      when: momentText(date, zone, language),
      doors: timeText('2030-12-31 10:30:00', zone, language),
    },
    ...(kind !== 'ticket_offered' &&
      kind !== 'ticket_received' && {
        booking: {
          id: 4712,
          total: money(1_250_000),
          types: [
            { name: 'Festival', count: 2 },
            { name: 'VIP', count: 1 },
          ],
        },
      }),
    until: momentText('2030-12-24 12:15:00', zone, language),
    cancelled: { tickets: 2, isAll: false, by: 'customer' },
    ...(isAboutMoney && { refund: money(500_000) }),
    reason: 'Hujan lebat',
    was: { date: momentText('2030-12-30 12:00:00', zone, language), location: 'Lapangan Gasibu, Bandung' },
    from: 'Budi Santoso',
    to: 'citra@mail.example',
  }
}
