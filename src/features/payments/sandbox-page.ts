import { html, type Html } from '../../lib/html.ts'
import { formatMoney } from '../../lib/money.ts'
import { fact, framed, icon } from '../../lib/page-frame.ts'
import { toRfc3339, toTimestamp, type Timestamp } from '../../lib/time.ts'
import type { SandboxAction } from './act-in-sandbox.ts'
import { sandboxStyle } from './sandbox-style.ts'
import type { SandboxPayment } from './sandbox.sql.ts'
import type { Language } from '../../lib/language.ts'
import { wordsOf, type Words } from './sandbox-words.ts'

/** Nothing is known of who reads it, so moments are those of Jakarta, and say so. */
const zone = { timeZone: 'Asia/Jakarta', name: 'WIB' }

const momentFormats = {
  en: new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeStyle: 'short', timeZone: zone.timeZone }),
  id: new Intl.DateTimeFormat('id', { dateStyle: 'long', timeStyle: 'short', timeZone: zone.timeZone }),
}

/** Characters of an amount that has no room on a phone in the usual size. */
const long_total = 13

/** How a payment stands, as it looks on the page. */
type Look = 'open' | 'late' | 'paid' | 'declined' | 'closed'

export type PaymentView = Readonly<{ payment: SandboxPayment; paid_back: number; now: Date; language: Language }>

/** The page of one payment. Whatever of it came from outside is escaped, and a link leads to the web or is not there. */
export function paymentPage({ payment, paid_back, now, language }: PaymentView): string {
  const words = wordsOf[language]
  const look = lookOf(payment, now)
  const money = (amount: number) => formatMoney(amount, payment.currency, language)
  const moment = (timestamp: Timestamp) => inWords(timestamp, language)
  const total = money(payment.amount)
  const { title, text } = standing(words, look, payment, moment)
  const isEnded = look !== 'open' && look !== 'late'
  return page(
    language,
    `${title} · ${total}`,
    html`
      <article class="ticket ${look}">
        <div class="stub">
          <p class="state">${icons[look]}<span>${title}</span></p>
          <h1 class="${total.length > long_total ? 'long' : ''}">${total}</h1>
          <p class="what">${payment.description}</p>
          ${text === undefined ? undefined : html`<p class="means">${text}</p>`}
        </div>
        <dl>
          ${paid_back > 0 ? fact(words.paid_back, money(paid_back)) : undefined}
          ${look === 'open' ? fact(words.pay_until, moment(payment.expires_at)) : undefined}
          ${fact(words.key, html`<code>${payment.attempt_key}</code>`)}
        </dl>
      </article>
      ${isEnded ? undefined : choices(words, language, total, look === 'late')}
      ${wayBack(words, payment.return_url, isEnded)}
    `,
  )
}

/** The page of a refusal. */
export function refusalPage(language: Language, [title, text]: readonly [title: string, text: string]): string {
  return page(
    language,
    title,
    html`
      <article class="ticket closed">
        <div class="stub">
          <h1 class="refusal">${title}</h1>
          <p class="means">${text}</p>
        </div>
      </article>
    `,
  )
}

function lookOf({ status, expires_at }: SandboxPayment, now: Date): Look {
  if (status !== 'open') return status
  return isLater(toTimestamp(now), expires_at) ? 'late' : 'open'
}

/** A payment may be made until the moment itself, and no more at it. */
const isLater = (at: Timestamp, until: Timestamp) => at >= until

function standing(
  words: Words,
  look: Look,
  { paid_at, expires_at }: SandboxPayment,
  moment: (timestamp: Timestamp) => string,
): { title: string; text?: string } {
  switch (look) {
    case 'open':
      return { title: words.to_pay }
    case 'late':
      return { title: words.time_is_up, text: words.time_was_up_on(moment(expires_at)) }
    case 'paid': {
      const wasLate = isLater(paid_at!, expires_at)
      const text = (wasLate ? words.paid_too_late_on : words.paid_on)(moment(paid_at!))
      return { title: wasLate ? words.paid_too_late : words.paid, text }
    }
    case 'declined':
      return { title: words.declined, text: words.declined_means }
    default:
      return { title: words.closed, text: words.closed_means }
  }
}

function choices(words: Words, language: Language, total: string, isLate: boolean): Html {
  return html`
    <form method="post">
      <h2>${words.choose}</h2>
      <input type="hidden" name="lang" value="${language}" />
      ${
        isLate
          ? choice('pay_too_late', words.pay_too_late, words.pay_too_late_means)
          : choice('pay', words.pay(total), words.pay_means)
      }
      ${choice('decline', words.decline, words.decline_means)} ${choice('close', words.close, words.close_means)}
    </form>
  `
}

const looks: Readonly<Record<SandboxAction, string>> = { pay: 'main', pay_too_late: 'main', decline: 'bad', close: '' }

function choice(action: SandboxAction, label: string, means: string): Html {
  return html`
    <button name="action" value="${action}" class="${looks[action]}" aria-describedby="${action}-means">
      ${label}
    </button>
    <p class="hint" id="${action}-means">${means}</p>
  `
}

/** To http and https alone: any other scheme could be a program, and is no place to go back to. */
function wayBack(words: Words, text: string | null, isEnded: boolean): Html | undefined {
  const url = text !== null && URL.canParse(text) ? new URL(text) : undefined
  if (!url || !['http:', 'https:'].includes(url.protocol)) return undefined
  return html`<p class="back">
    <a class="${isEnded ? 'button' : 'plain'}" href="${url.href}" rel="noreferrer">${words.back_to(url.host)}</a>
  </p>`
}

function inWords(timestamp: Timestamp, language: Language): string {
  const moment = `${momentFormats[language].format(new Date(toRfc3339(timestamp)))} ${zone.name}`
  // A line may end between day and time of day, and nowhere else.
  return moment.replace(/ (?!at |pukul )/g, '\u00a0')
}

function page(language: Language, title: string, content: Html): string {
  const words = wordsOf[language]
  return framed({
    language,
    title: `${title} · Karcis Sandbox`,
    style: sandboxStyle,
    banner: html`<p class="banner">${icons.sandbox}<strong>${words.banner}</strong></p>`,
    languages: { label: words.language, href: (to) => `?lang=${to}` },
    content,
    footer: words.about,
  })
}

const icons = {
  sandbox: icon(html`<path d="M9 3h6M10 3v6l-5.5 9a2 2 0 0 0 1.7 3h11.6a2 2 0 0 0 1.7-3L14 9V3M7.5 15h9" />`),
  open: icon(html`<circle cx="12" cy="12" r="9" /><path d="M12 7v5l3 2" />`),
  late: icon(html`<path d="M7 3h10M7 21h10M8 3v4l8 10v4M16 3v4L8 17v4" />`),
  paid: icon(html`<circle cx="12" cy="12" r="9" /><path d="m8 12.5 2.7 2.7L16 9.5" />`),
  declined: icon(html`<circle cx="12" cy="12" r="9" /><path d="m9 9 6 6m0-6-6 6" />`),
  closed: icon(html`<circle cx="12" cy="12" r="9" /><path d="M8 12h8" />`),
} satisfies Record<Look | 'sandbox', Html>
