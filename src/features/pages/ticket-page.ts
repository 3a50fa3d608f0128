import type { Deps } from '../../deps.ts'
import { html, type Html } from '../../lib/html.ts'
import { name_length_max } from '../../lib/limits.ts'
import { toTimestamp } from '../../lib/time.ts'
import type { Event } from '../events/event.ts'
import { pagePath } from '../signatures/page-links.ts'
import { namesCloseAt } from '../tickets/names-cutoff.ts'
import type { Ticket } from '../tickets/tickets.sql.ts'
import { commonWords } from './common-words.ts'
import { eventFacts, eventHead, hiddenFields, linkedPage, type Look, type Reader } from './page-parts.ts'
import { ticketCard } from './ticket-card.ts'
import { ticketWords } from './ticket-words.ts'

export type TicketContents = Readonly<{ ticket: Ticket; event: Event; type: string | undefined }>

/** The page of one ticket, for who holds it. */
export async function ticketPage(
  deps: Pick<Deps, 'signer' | 'now'>,
  reader: Reader,
  { ticket, event, type }: TicketContents,
): Promise<string> {
  const common = commonWords[reader.language]
  const facts = eventFacts(reader, event)
  const end = namesCloseAt(event)
  const mayRename = ticket.status === 'unused' && end !== undefined && toTimestamp(deps.now()) < end
  return linkedPage(
    reader,
    event.title,
    html`
      <article class="ticket ${standingOf(reader, ticket, event).look}">
        ${eventHead(reader, event, standingOf(reader, ticket, event))}
        ${facts.length > 0 ? html`<dl>${facts}</dl>` : undefined}
      </article>
      ${await ticketCard(deps, reader, ticket, { type })}
      <p class="hint">${common.code_means}</p>
      ${event.cancelled_at === null && ticket.status === 'unused' ? calendarLink(event, common.calendar) : undefined}
      ${mayRename ? nameForm(reader, ticket) : undefined}
    `,
  )
}

function standingOf({ language }: Reader, { status }: Ticket, event: Event): { look: Look; state: string } {
  const words = ticketWords[language]
  if (event.cancelled_at !== null) return { look: 'bad', state: commonWords[language].event_cancelled }
  if (status === 'void') return { look: 'closed', state: words.void }
  return status === 'used' ? { look: 'closed', state: words.used } : { look: 'good', state: words.yours }
}

const calendarLink = ({ id }: Event, name: string): Html => html`
  <p class="downloads"><a class="button quiet" href="/api/v2/events/${id}/event.ics">${name}</a></p>
`

function nameForm(reader: Reader, { holder_name }: Ticket): Html {
  const words = ticketWords[reader.language]
  return html`
    <form method="post" action="${pagePath('ticket')}/name">
      <h2>${words.change_name}</h2>
      ${hiddenFields(reader)}
      <label for="holder_name">${words.name}</label>
      <input
        id="holder_name"
        name="holder_name"
        value="${holder_name}"
        required
        maxlength="${name_length_max}"
        autocomplete="name"
      />
      <button>${words.save_name}</button>
    </form>
  `
}
