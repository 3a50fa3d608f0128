import { css, html, type Html } from '../../lib/html.ts'
import type { Language } from '../../lib/language.ts'
import { fact, framed, icon } from '../../lib/page-frame.ts'
import { pagePolicy, pageStyle } from '../../lib/page-style.ts'
import type { Event } from '../events/event.ts'
import { pagePath, type Page } from '../signatures/page-links.ts'
import { commonWords, type Notice } from './common-words.ts'
import { momentText, timeText } from './moment-text.ts'

const moreStyle = css`
  .good .state {
    color: var(--good);
  }
  .bad .state {
    color: var(--bad);
  }
  h1.title {
    font-size: clamp(1.375rem, 6.5vw, 1.75rem);
    letter-spacing: -0.01em;
    text-wrap: balance;
  }
  .ticket + form,
  .ticket + .downloads {
    margin-top: 1.25rem;
  }
  button + button,
  .button + .button {
    margin-top: 0.75rem;
  }
  .button.quiet {
    border-color: var(--edge);
    background: var(--card);
    color: var(--ink);
  }
  .alert {
    margin-bottom: 1rem;
    padding: 0.75rem 1rem;
    border: 1.5px solid currentColor;
    border-radius: 0.75rem;
    color: var(--bad);
    font-weight: 600;
    text-wrap: balance;
  }
  label {
    display: block;
    margin-bottom: 0.375rem;
    font-weight: 600;
  }
  input:not([hidden]):not([type='hidden']) {
    display: block;
    width: 100%;
    min-height: 3rem;
    margin-bottom: 1rem;
    padding: 0.625rem 0.875rem;
    border: 1.5px solid var(--edge);
    border-radius: 0.75rem;
    background: var(--card);
    color: var(--ink);
    font: inherit;
  }
  .card {
    margin-top: 1rem;
    padding: 1.25rem;
    background: var(--card);
    border: 1px solid var(--line);
    border-radius: 1rem;
    text-align: center;
  }
  .card h3 {
    font-size: 1.125rem;
    line-height: 1.3;
    overflow-wrap: anywhere;
  }
  .quiet-text {
    color: var(--quiet);
    font-size: 0.9375rem;
    overflow-wrap: anywhere;
  }
  .note {
    margin-top: 0.75rem;
    font-weight: 600;
    text-wrap: balance;
  }
  /* White and black in a dark room, too: scanners know no other way round. */
  .qr {
    display: block;
    width: calc(100% + 1.5rem);
    max-width: 24rem;
    height: auto;
    margin: 0.5rem -0.75rem;
    border-radius: 0.5rem;
    background: #ffffff;
    fill: #000000;
    stroke: none;
    forced-color-adjust: none;
  }
  .card .button {
    margin-top: 1rem;
  }
  .pages {
    display: flex;
    justify-content: space-between;
    margin-top: 1rem;
  }
  .lines {
    padding: 0;
    list-style: none;
  }
  .lines li {
    padding-block: 0.125rem;
    overflow-wrap: anywhere;
  }
`

const style = html`${pageStyle}${moreStyle}`

export const policy = pagePolicy(style, "'self'")

/**
 * Of pages with a form that leads on to a payment provider. Browsers hold each redirect after a form against the policy
 * (https://www.w3.org/TR/CSP3/#form-action-pre-navigate), and providers redirect within houses of their own.
 */
export const policyToPay = pagePolicy(style, "'self' https:")

/** The page of a link, in a language if one is chosen. */
export function pageUrl(page: Page, token: string, language?: Language): string {
  const query = new URLSearchParams({ token, ...(language && { lang: language }) })
  return `${pagePath(page)}?${query.toString()}`
}

/** Which page is read, by which token, in which language. */
export type Reader = Readonly<{ page: Page; token: string; language: Language }>

export function linkedPage({ page, token, language }: Reader, title: string, content: Html): string {
  const words = commonWords[language]
  return framed({
    language,
    title: `${title} · Karcis`,
    style,
    languages: { label: words.language, href: (to) => pageUrl(page, token, to) },
    content,
    footer: words.about,
  })
}

/** How something stands, as it looks. */
export type Look = 'open' | 'late' | 'good' | 'bad' | 'closed'

/** A page that says one thing. */
export function noticePage(reader: Reader, look: Look, [title, text]: Notice, more?: Html): string {
  return linkedPage(
    reader,
    title,
    html`
      <article class="ticket ${look}">
        <div class="stub">
          <p class="state">${icons[look]}</p>
          <h1 class="refusal">${title}</h1>
          <p class="means">${text}</p>
        </div>
      </article>
      ${more}
    `,
  )
}

/** What an event is, when and where, under how things stand. */
export function eventHead(
  { language }: Reader,
  event: Event,
  { look, state, text }: { look: Look; state: string; text?: string | undefined },
): Html {
  return html`
    <div class="stub">
      <p class="state">${icons[look]}<span>${state}</span></p>
      <h1 class="title">${event.title}</h1>
      <p class="what">${momentText(event.date, event.time_zone, language)}</p>
      <p class="what">${event.location}</p>
      ${text === undefined ? undefined : html`<p class="means">${text}</p>`}
    </div>
  `
}

/** When its doors open and when it ends, as far as that is said. */
export function eventFacts({ language }: Reader, { date, doors_open_at, ends_at, time_zone }: Event): Html[] {
  const words = commonWords[language]
  const isSameDay = ends_at !== null && ends_at.slice(0, 10) === date.slice(0, 10)
  return [
    ...(doors_open_at === null ? [] : [fact(words.doors_open, timeText(doors_open_at, time_zone, language))]),
    ...(ends_at === null ? [] : [fact(words.until, (isSameDay ? timeText : momentText)(ends_at, time_zone, language))]),
  ]
}

/** What every form of these pages sends along. */
export const hiddenFields = ({ token, language }: Reader): Html => html`
  <input type="hidden" name="token" value="${token}" /><input type="hidden" name="lang" value="${language}" />
`

export const icons = {
  open: icon(html`<circle cx="12" cy="12" r="9" /><path d="M12 7v5l3 2" />`),
  late: icon(html`<path d="M7 3h10M7 21h10M8 3v4l8 10v4M16 3v4L8 17v4" />`),
  good: icon(html`<circle cx="12" cy="12" r="9" /><path d="m8 12.5 2.7 2.7L16 9.5" />`),
  bad: icon(html`<circle cx="12" cy="12" r="9" /><path d="m9 9 6 6m0-6-6 6" />`),
  closed: icon(html`<circle cx="12" cy="12" r="9" /><path d="M8 12h8" />`),
} satisfies Record<Look, Html>
