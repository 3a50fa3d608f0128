import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { Eta } from 'eta'
import type { Engine } from 'mrml'
import type { Language } from '../../lib/language.ts'
import type { Letter } from './letter.ts'

// The package's other entrances are for bundlers and browsers.
const mrml = createRequire(import.meta.url)('mrml/nodejs/mrml_wasm.js') as { Engine: typeof Engine }

const views = fileURLToPath(new URL('templates', import.meta.url))
/** Values are escaped, so nothing that people write becomes markup; MJML takes what XML takes. */
const markup = new Eta({ views, autoEscape: true, escapeFunction: escapeXml, cache: true, useWith: false })
const text = new Eta({ views, autoEscape: false, autoTrim: false, cache: true })
const mjml = new mrml.Engine()
// None of its fonts from elsewhere: whoever serves them would learn who reads which mail.
mjml.setRenderOptions({ disableComments: false, socialIconOrigin: null, fonts: {} })

/**
 * A letter in the two forms in which it is sent: HTML of tables with inline styles, as mail programs want it, and text.
 *
 * @throws Error if the template is broken: a bug
 */
export function renderLetter(letter: Letter, language: Language): { html: string; text: string } {
  const source = markup.render('./letter.mjml.eta', { letter, language })
  const made = mjml.toHtml(source)
  if (made.type === 'error') throw new Error(`the template of mails is broken: ${made.message}`)
  const plain = text.render('./letter.text.eta', { letter })
  return { html: made.content, text: plain.replaceAll(/\n{3,}/g, '\n\n').trim() }
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** What no XML may hold (https://www.w3.org/TR/xml/#charsets) is left out. */
function escapeXml(value: unknown): string {
  return String(value)
    .replaceAll(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '')
    .replaceAll(/[&<>"']/g, (character) => entities[character]!)
}
