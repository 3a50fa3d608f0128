import { html, styleElement, textOf, type Html } from './html.ts'
import type { Language } from './language.ts'

export type Frame = Readonly<{
  language: Language
  title: string
  style: Html
  banner?: Html
  /** The same page in another language, and what the choice is called. */
  languages: Readonly<{ label: string; href: (to: Language) => string }>
  content: Html
  footer: string
}>

/** The text of a whole page for people: without a script, and without anything that has to be fetched besides. */
export function framed({ language, title, style, banner, languages, content, footer }: Frame): string {
  const link = (to: Language, name: string) =>
    to === language
      ? html`<a href="${languages.href(to)}" lang="${to}" hreflang="${to}" aria-current="true">${name}</a>`
      : html`<a href="${languages.href(to)}" lang="${to}" hreflang="${to}">${name}</a>`
  return textOf(
    html`<!doctype html>
      <html lang="${language}">
        <head>
          <meta charset="utf-8" />
          <meta name="viewport" content="width=device-width, initial-scale=1" />
          <meta name="color-scheme" content="light dark" />
          <meta name="robots" content="noindex" />
          <title>${title}</title>
          ${styleElement(style)}
        </head>
        <body>
          ${banner}
          <header>
            <span class="brand">${ticket}Karcis</span>
            <nav aria-label="${languages.label}">${link('en', 'English')}${link('id', 'Indonesia')}</nav>
          </header>
          <main>${content}</main>
          <footer>${footer}</footer>
        </body>
      </html> `,
  )
}

/** A drawing on a ground of 24 by 24, for the eye alone. */
export const icon = (drawing: Html): Html =>
  html`<svg viewBox="0 0 24 24" width="24" height="24" aria-hidden="true">${drawing}</svg>`

const ticket = icon(html`<path d="M2 6h20v4a2 2 0 0 0 0 4v4H2v-4a2 2 0 0 0 0-4z" fill="currentColor" stroke="none" />`)

/** A line of a `dl`. */
export const fact = (name: string, value: string | Html): Html =>
  html`<div>
    <dt>${name}</dt>
    <dd>${value}</dd>
  </div>`
