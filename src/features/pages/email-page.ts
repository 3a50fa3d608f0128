import { html } from '../../lib/html.ts'
import { pagePath } from '../signatures/page-links.ts'
import { accountWords } from './account-words.ts'
import { hiddenFields, linkedPage, noticePage, type Reader } from './page-parts.ts'

/** The page on which an address is confirmed, or has been. */
export function emailPage(
  reader: Reader,
  { email, isConfirmed }: Readonly<{ email: string; isConfirmed: boolean }>,
): string {
  const words = accountWords[reader.language]
  if (isConfirmed) return noticePage(reader, 'good', words.email_confirmed)
  return linkedPage(
    reader,
    words.email_title,
    html`
      <article class="ticket">
        <div class="stub">
          <h1 class="refusal">${words.email_title}</h1>
          <p class="what">${email}</p>
          <p class="means">${words.email_means}</p>
        </div>
      </article>
      <form method="post" action="${pagePath('email')}">
        ${hiddenFields(reader)}
        <button class="main">${words.confirm}</button>
      </form>
    `,
  )
}
