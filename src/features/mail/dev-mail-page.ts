import { css, html, type Html } from '../../lib/html.ts'
import { framed } from '../../lib/page-frame.ts'
import { pagePolicy, pageStyle } from '../../lib/page-style.ts'
import type { Language } from '../../lib/language.ts'
import type { KeptMail } from './folder-mailer.ts'

const style = html`${pageStyle}${css`
  .mails {
    padding: 0;
    list-style: none;
  }
  .mails li {
    margin-top: 0.75rem;
    padding: 1rem 1.25rem;
    background: var(--card);
    border: 1px solid var(--line);
    border-radius: 1rem;
    overflow-wrap: anywhere;
  }
  .mails .subject {
    font-weight: 600;
  }
  .mails p {
    margin: 0;
    color: var(--quiet);
    font-size: 0.9375rem;
  }
  .mails p a {
    margin-right: 1rem;
  }
`}`

export const listPolicy = pagePolicy(style, "'none'")
/** A mail has its style in each of its tags, and pictures of its event; a script it has none. */
export const mailPolicy =
  "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' http: https:; base-uri 'none'; form-action 'none'; " +
  "frame-ancestors 'none'"

const words = {
  en: {
    title: 'Mails',
    about: 'No mail server is set up, so mails come here: outside production alone. The latest 100 are shown.',
    none: 'There is no mail yet.',
    language: 'Language',
    text: 'Text',
  },
  id: {
    title: 'Surel',
    about: 'Server email belum diatur, jadi email muncul di sini: hanya di luar produksi. Yang tampak 100 terbaru.',
    none: 'Belum ada email.',
    language: 'Bahasa',
    text: 'Teks',
  },
} as const satisfies Record<Language, unknown>

/** Where the pages of mails are. */
export const mailsPath = '/dev/mail'

/** The mails of this server, latest first. */
export function mailsPage(mails: readonly KeptMail[], language: Language): string {
  const said = words[language]
  return framed({
    language,
    title: `${said.title} · Karcis`,
    style,
    languages: { label: said.language, href: (to) => `${mailsPath}?lang=${to}` },
    content: html`
      <h1>${said.title}</h1>
      ${mails.length === 0 ? html`<p>${said.none}</p>` : undefined}
      <ul class="mails">
        ${mails.map((mail) => item(mail, said.text))}
      </ul>
    `,
    footer: said.about,
  })
}

function item({ id, subject, to, at, attachments }: KeptMail, text: string): Html {
  const path = `${mailsPath}/${id}`
  return html`<li>
    <a class="subject" href="${path}">${subject}</a>
    <p>${to} · ${at.slice(0, 19).replace('T', ' ')} UTC</p>
    <p>
      <a href="${path}/text">${text}</a><a href="${path}/eml">.eml</a>${attachments.map(
        ({ filename }) => html`<a href="${path}/attachments/${filename}">${filename}</a>`,
      )}
    </p>
  </li>`
}
