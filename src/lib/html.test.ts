import assert from 'node:assert/strict'
import { test } from 'node:test'
import { html, textOf, type Html } from './html.ts'

test('a value is text, wherever it stands; markup made here stays markup', () => {
  const text = `<b title="x" id='y'>&amp;</b>`
  const written = '&lt;b title=&quot;x&quot; id=&#39;y&#39;&gt;&amp;amp;&lt;/b&gt;'
  assert.equal(textOf(html`<p title="${text}">${text}${1}${undefined}</p>`), `<p title="${written}">${written}1</p>`)
  assert.equal(textOf(html`${['<', '>'].map((one) => html`<i>${one}</i>`)}`), '<i>&lt;</i><i>&gt;</i>')
})

test('what was read from outside can’t pass for markup', () => {
  const parsed = JSON.parse('{"markup":"<script>","Symbol(markup)":"<script>"}') as Html
  assert.throws(() => html`<p>${parsed}</p>`, TypeError)
})
