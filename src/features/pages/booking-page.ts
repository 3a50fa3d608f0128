import type { ProviderName } from '../../db/schema.ts'
import type { Deps } from '../../deps.ts'
import { html, type Html } from '../../lib/html.ts'
import { formatMoney } from '../../lib/money.ts'
import { fact } from '../../lib/page-frame.ts'
import { toTimestamp } from '../../lib/time.ts'
import { hasTickets } from '../bookings/booking-status.ts'
import type { PaymentProvider } from '../payments/providers/provider.ts'
import { pagePath } from '../signatures/page-links.ts'
import { bookingWords, type BookingWords } from './booking-words.ts'
import { commonWords } from './common-words.ts'
import { momentText } from './moment-text.ts'
import { eventFacts, eventHead, hiddenFields, linkedPage, pageUrl, type Look, type Reader } from './page-parts.ts'
import type { BookingContents } from './read-booking-page.ts'
import { ticketCard } from './ticket-card.ts'

/** QR codes are some kilobytes each, and a booking may have a thousand. */
const cards_per_page = 20

const providerLabels: Readonly<Record<ProviderName, string>> = {
  midtrans: 'Midtrans',
  xendit: 'Xendit',
  stripe: 'Stripe',
  sandbox: 'Sandbox',
}

/** @param providers those that take its total */
export async function bookingPage(
  deps: Pick<Deps, 'signer' | 'now'>,
  reader: Reader,
  contents: BookingContents,
  providers: readonly PaymentProvider[],
  pageNumber: number,
): Promise<string> {
  const { language } = reader
  const { booking, event, customer } = contents
  const words = bookingWords[language]
  const standing = standingOf(contents, toTimestamp(deps.now()))
  const total = formatMoney(booking.total_price, booking.currency, language)
  return linkedPage(
    reader,
    event.title,
    html`
      <article class="ticket ${standing.look}">
        ${eventHead(reader, event, { ...standing, ...said(words, contents, standing.name, reader) })}
        <dl>
          ${eventFacts(reader, event)}${fact(words.booking, String(booking.id))}
          ${customer === undefined ? undefined : fact(words.customer, customer)}${fact(words.total, total)}
          ${moneyBack(words, contents, reader)}
        </dl>
      </article>
      ${standing.name === 'pending' ? wayToPay(words, reader, contents, providers, total) : undefined}
      ${standing.name === 'pending' ? listOfItems(words, contents) : undefined}
      ${hasTickets(booking.status) ? await ticketsOf(deps, reader, contents, pageNumber) : undefined}
    `,
  )
}

type Standing = Readonly<{
  name: 'pending' | 'confirmed' | 'partly' | 'expired' | 'failed' | 'cancelled' | 'refunded'
  look: Look
}>

/** How a booking stands for its customer. Its time may be over before anybody has written that down. */
export function standingOf({ booking }: Pick<BookingContents, 'booking'>, at: string): Standing {
  switch (booking.status) {
    case 'pending':
      return booking.expires_at! > at ? { name: 'pending', look: 'open' } : { name: 'expired', look: 'late' }
    case 'success':
      return { name: 'confirmed', look: 'good' }
    case 'partially_refunded':
      return { name: 'partly', look: 'good' }
    case 'cancelled':
    case 'refunded':
      return { name: booking.status, look: 'closed' }
    default:
      return { name: booking.status, look: 'late' }
  }
}

function said(
  words: BookingWords,
  { booking, event, payments, refunds }: BookingContents,
  name: Standing['name'],
  { language }: Reader,
): { state: string; text?: string } {
  if (event.cancelled_at !== null && hasTickets(booking.status)) return { state: commonWords[language].event_cancelled }
  switch (name) {
    case 'pending': {
      const until = momentText(booking.expires_at!, event.time_zone, language)
      return { state: words.pending, text: words.held_until(until) }
    }
    case 'confirmed':
      return { state: words.confirmed, text: words.confirmed_means }
    case 'partly':
      return { state: words.partly }
    case 'cancelled': {
      const wasPaid = payments.some(({ status }) => status === 'paid')
      const text =
        wasPaid && refunds.length === 0 ? `${words.cancelled_means} ${words.nothing_back}` : words.cancelled_means
      return { state: words.cancelled, text }
    }
    case 'refunded':
      return { state: words.refunded, text: words.refunded_means }
    default:
      return { state: words[name], text: words[`${name}_means`] }
  }
}

function moneyBack(words: BookingWords, { booking, refunds }: BookingContents, { language }: Reader): Html[] {
  const sum = (isDone: boolean) =>
    refunds.filter(({ status }) => (status === 'done') === isDone).reduce((all, { amount }) => all + amount, 0)
  const line = (name: string, amount: number) =>
    amount > 0 ? [fact(name, formatMoney(amount, booking.currency, language))] : []
  return [...line(words.going_back, sum(false)), ...line(words.went_back, sum(true))]
}

function wayToPay(
  words: BookingWords,
  reader: Reader,
  { payments }: BookingContents,
  providers: readonly PaymentProvider[],
  total: string,
): Html {
  const label = ({ name }: PaymentProvider) =>
    providers.length === 1 ? words.pay(total) : words.pay_with(providerLabels[name], total)
  const isUnderWay = payments.some(({ status }) => status === 'awaiting' || status === 'paid' || status === 'review')
  return html`
    <form method="post" action="${pagePath('booking')}/payment">
      ${hiddenFields(reader)}
      ${providers.map((provider) => html`<button class="main" name="provider" value="${provider.name}">${label(provider)}</button>`)}
      ${providers.length === 0 ? html`<p class="hint">${words.no_provider}</p>` : undefined}
    </form>
    ${
      isUnderWay
        ? html`<p class="back">
            ${words.under_way}<br /><a class="plain" href="${pageUrl('booking', reader.token, reader.language)}"
              >${words.reload}</a
            >
          </p>`
        : undefined
    }
  `
}

function listOfItems(words: BookingWords, { items, types }: BookingContents): Html {
  return html`
    <section class="card">
      <h3>${words.booked}</h3>
      <ul class="lines">
        ${items.map(
          ({ ticket_type_id, holder_names }) =>
            html`<li>${holder_names.length} × ${types.get(ticket_type_id) ?? words.tickets}</li>`,
        )}
      </ul>
    </section>
  `
}

async function ticketsOf(
  deps: Pick<Deps, 'signer'>,
  reader: Reader,
  { booking, tickets, types }: BookingContents,
  pageNumber: number,
): Promise<Html> {
  const { token, language } = reader
  const words = bookingWords[language]
  const common = commonWords[language]
  const query = new URLSearchParams({ token }).toString()
  const first = Math.min((pageNumber - 1) * cards_per_page, Math.max(tickets.length - 1, 0))
  const shown = tickets.slice(first, first + cards_per_page)
  const cards = await Promise.all(
    shown.map((ticket) =>
      ticketCard(deps, reader, ticket, {
        type: types.get(ticket.ticket_type_id),
        isGone: ticket.holder_email !== null,
      }),
    ),
  )
  const link = (to: number, name: string) =>
    html`<a class="plain" href="${pageUrl('booking', token, language)}&page=${to}">${name}</a>`
  const isMore = first + cards_per_page < tickets.length
  return html`
    <p class="downloads">
      <a class="button" href="/api/v2/bookings/${booking.id}/tickets.pdf?${query}">${common.pdf}</a>
      <a class="button quiet" href="/api/v2/bookings/${booking.id}/event.ics?${query}">${common.calendar}</a>
    </p>
    <h2>${words.tickets}</h2>
    <p class="quiet-text">${common.code_means}</p>
    ${cards}
    ${
      tickets.length > cards_per_page
        ? html`<nav class="pages" aria-label="${words.tickets}">
            <span>${pageNumber > 1 ? link(pageNumber - 1, words.previous) : undefined}</span>
            <span class="quiet-text">${words.some_of(first + 1, first + shown.length, tickets.length)}</span>
            <span>${isMore ? link(pageNumber + 1, words.next) : undefined}</span>
          </nav>`
        : undefined
    }
  `
}
