import type { Language } from '../../lib/language.ts'
import type { Facts, Letter } from './letter.ts'
import { mailWords, type MailWords } from './letter-words.ts'

/** Puts what is to be said into words. The link may be a secret: it goes into this mail and nowhere else. */
export function composeLetter(
  facts: Facts,
  language: Language,
  { url, image }: { url: string | undefined; image?: Letter['image'] },
): Letter {
  const words = mailWords[language]
  const { subject, title, paragraphs, button, note } = words.say[facts.kind](facts)
  return {
    subject: oneLine(subject),
    preview: paragraphs[0]!,
    title,
    greeting: words.greeting(facts.name),
    paragraphs,
    facts: tableOf(facts, words),
    ...(button !== undefined && url !== undefined && { button: { label: button, url } }),
    ...(note !== undefined && { note }),
    instead: words.instead,
    footer: words.footer,
    ...(image && { image }),
  }
}

function tableOf({ event, booking, refund }: Facts, { labels }: MailWords): Letter['facts'] {
  return [
    ...(event
      ? [
          { label: labels.event, value: event.title },
          { label: labels.when, value: event.when },
          ...(event.doors === undefined ? [] : [{ label: labels.doors, value: event.doors }]),
          { label: labels.where, value: event.location },
        ]
      : []),
    ...(booking
      ? [
          { label: labels.booking, value: String(booking.id) },
          ...(booking.types.length > 0
            ? [
                {
                  label: labels.tickets,
                  value: booking.types.map(({ name, count }) => `${count} × ${name}`).join(', '),
                },
              ]
            : []),
          ...(booking.total === undefined ? [] : [{ label: labels.total, value: booking.total }]),
        ]
      : []),
    ...(refund === undefined ? [] : [{ label: labels.refund, value: refund }]),
  ]
}

/** Titles are people's: a subject is one line, whatever they write. */
const oneLine = (text: string): string => text.replaceAll(/\s+/g, ' ').trim()
