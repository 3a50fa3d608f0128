import assert from 'node:assert/strict'
import { test } from 'node:test'
import { languages } from '../../lib/language.ts'
import { mailKinds } from '../../lib/mail.ts'
import { composeLetter } from './compose-letter.ts'
import { previewOf } from './preview.ts'
import { renderLetter } from './render-letter.ts'

for (const kind of mailKinds) {
  for (const language of languages) {
    test(`${kind} in ${language} has a subject, and says the same in HTML and in text`, () => {
      const { subject, html, text } = previewOf(kind, language)
      assert.match(subject, /^\S.*\S$/)
      assert.match(html, new RegExp(`<html lang="${language}"`))
      const title = text.split('\n')[0]!
      assert.ok(html.includes(title), title)
      const link = /https:\/\/tickets\.example\/go\/\S+/.exec(text)?.[0]
      assert.ok(link && html.includes(`href="${link}"`), 'the link stands in both')
      assert.doesNotMatch(html + text, /undefined|null|NaN|\[object|<%|<mj-/)
      assert.match(html, /prefers-color-scheme: dark/)
      assert.doesNotMatch(html, /<script|<link/i, 'nothing is fetched, and nothing runs')
    })
  }
}

test('the languages differ in every mail', () => {
  for (const kind of mailKinds) assert.notEqual(previewOf(kind, 'en').text, previewOf(kind, 'id').text, kind)
})

const hostile = [
  '<b>x</b>',
  '</mj-text><mj-raw><script>alert(1)</script></mj-raw>',
  '{{name}} <%= 1 + 1 %> ${2}',
  '"quoted" & \'single\'',
  '王小明 김철수 عبد الرحمن 🎫',
  'a\u0000b\u0008c\ufffe',
  'x'.repeat(100),
]
for (const name of hostile) {
  test(`somebody called ${JSON.stringify(name.slice(0, 30))} is called just that`, () => {
    const facts = { kind: 'event_reminder', name, event: { title: name, location: name, when: 'now' } } as const
    const letter = composeLetter(facts, 'en', { url: undefined })
    const { html, text } = renderLetter(letter, 'en')
    assert.ok(text.includes(`Hello ${name},`))
    const plain = name.replaceAll(/[\u0000-\u0008\ufffe]/g, '') // oxlint-disable-line no-control-regex -- what XML has not
    const escaped = plain.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;').replaceAll("'", '&#39;') // prettier-ignore
    assert.ok(html.includes(`Hello ${escaped},`), html.slice(html.indexOf('Hello'), html.indexOf('Hello') + 200))
    assert.doesNotMatch(html, /<script|<b>/)
  })
}

test('a title of several lines is a subject of one', () => {
  const event = { title: 'Konser\r\nBcc: all@example.com', location: '', when: '' }
  const { subject } = composeLetter({ kind: 'event_reminder', name: '', event }, 'en', { url: undefined })
  assert.equal(subject, 'Soon: Konser Bcc: all@example.com')
})
