import { html } from '../../lib/html.ts'
import { password_length_min } from '../../lib/limits.ts'
import { pagePath } from '../signatures/page-links.ts'
import { accountWords } from './account-words.ts'
import { hiddenFields, linkedPage, type Reader } from './page-parts.ts'

/**
 * The form for a new password. What was typed is not shown again.
 *
 * @param problem with what was sent before, in words
 */
export function passwordPage(reader: Reader, email: string, problem?: string): string {
  const words = accountWords[reader.language]
  return linkedPage(
    reader,
    words.password_title,
    html`
      <article class="ticket">
        <div class="stub">
          <h1 class="refusal">${words.password_title}</h1>
          <p class="what">${email}</p>
          <p class="means">${words.password_means}</p>
        </div>
      </article>
      <form method="post" action="${pagePath('password')}">
        ${problem === undefined ? undefined : html`<p class="alert" role="alert">${problem}</p>`}
        ${hiddenFields(reader)}
        <input type="text" autocomplete="username" value="${email}" readonly hidden />
        <label for="new_password">${words.new_password}</label>
        <input
          type="password"
          id="new_password"
          name="new_password"
          required
          minlength="${password_length_min}"
          autocomplete="new-password"
          aria-describedby="at-least"
        />
        <label for="repeated">${words.repeated}</label>
        <input type="password" id="repeated" name="repeated" required autocomplete="new-password" />
        <button class="main">${words.save_password}</button>
        <p class="hint" id="at-least">${words.at_least(password_length_min)}</p>
      </form>
    `,
  )
}
