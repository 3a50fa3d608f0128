import { html } from '../../lib/html.ts'
import { name_length_max } from '../../lib/limits.ts'
import { fact } from '../../lib/page-frame.ts'
import { pagePath } from '../signatures/page-links.ts'
import type { Offer } from '../transfers/read-offer.ts'
import { momentText } from './moment-text.ts'
import { eventFacts, eventHead, hiddenFields, linkedPage, noticePage, type Reader } from './page-parts.ts'
import { ticketWords } from './ticket-words.ts'

/** What is offered, with the two answers to it; or what has become of the offer. */
export function transferPage(reader: Reader, offer: Offer): string {
  const words = ticketWords[reader.language]
  const { status, event, ticket_type, from, expires_at } = offer
  if (status !== 'offered') return noticePage(reader, status === 'accepted' ? 'good' : 'closed', words[status])
  const text = from === null ? undefined : words.offered_by(from)
  return linkedPage(
    reader,
    event.title,
    html`
      <article class="ticket open">
        ${eventHead(reader, event, { look: 'open', state: words.offered, text })}
        <dl>
          ${fact(words.type, ticket_type)}${eventFacts(reader, event)}
          ${fact(words.until, momentText(expires_at, event.time_zone, reader.language))}
        </dl>
      </article>
      <form method="post" action="${pagePath('transfer')}/acceptance">
        ${hiddenFields(reader)}
        <label for="holder_name">${words.your_name}</label>
        <input
          id="holder_name"
          name="holder_name"
          required
          maxlength="${name_length_max}"
          autocomplete="name"
          aria-describedby="name-means"
        />
        <button class="main">${words.accept}</button>
        <p class="hint" id="name-means">${words.name_means}</p>
      </form>
      <form method="post" action="${pagePath('transfer')}/refusal">
        ${hiddenFields(reader)}
        <button>${words.decline}</button>
      </form>
    `,
  )
}
