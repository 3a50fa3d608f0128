import type { Deps } from '../../deps.ts'
import { html, type Html } from '../../lib/html.ts'
import { signTicket } from '../signatures/ticket-token.ts'
import type { Ticket } from '../tickets/tickets.sql.ts'
import { commonWords } from './common-words.ts'
import type { Reader } from './page-parts.ts'
import { qrPicture } from './qr-picture.ts'

/**
 * A ticket as it is held up at the door.
 *
 * @param type what its type is called, where that is known
 * @param isGone whether it is somebody else's by now: then it is shown without what admits
 */
export async function ticketCard(
  { signer }: Pick<Deps, 'signer'>,
  { token, language }: Reader,
  ticket: Ticket,
  { type, isGone = false }: { type: string | undefined; isGone?: boolean },
): Promise<Html> {
  const words = commonWords[language]
  const isShown = ticket.status !== 'void' && !isGone
  const qr = isShown ? qrPicture(await signTicket(signer, ticket), words.ticket(ticket.id)) : undefined
  const pdf = `/api/v2/tickets/${ticket.id}/pdf?${new URLSearchParams({ size: 'phone', token }).toString()}`
  return html`
    <article class="card" id="ticket-${ticket.id}">
      <h3>${ticket.holder_name}</h3>
      <p class="quiet-text">${[type, words.ticket(ticket.id)].filter((part) => part !== undefined).join(' · ')}</p>
      ${qr} ${isShown ? html`<p class="quiet-text">${words.code}: <code>${ticket.ticket_code}</code></p>` : undefined}
      ${noteOn(ticket, words, isGone)}
      ${isShown ? html`<a class="button quiet" href="${pdf}">${words.save}</a>` : undefined}
    </article>
  `
}

function noteOn({ status, left_at }: Ticket, words: (typeof commonWords)['en'], isGone: boolean): Html | undefined {
  if (status === 'void') return html`<p class="note">${words.void}</p>`
  if (isGone) return html`<p class="note">${words.handed_over}</p>`
  if (status === 'used') return html`<p class="note">${left_at === null ? words.used : words.left}</p>`
  return undefined
}
