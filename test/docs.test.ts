import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { accessPage } from '../docs/access-page.ts'
import { configurationPage } from '../docs/configuration-page.ts'
import { metricsPage } from '../docs/metrics-page.ts'
import { settings } from '../src/config.ts'

const read = (file: string) => readFileSync(new URL(`../${file}`, import.meta.url), 'utf8')

test('docs/configuration.md is what `npm run docs` makes', () => {
  assert.equal(read('docs/configuration.md'), configurationPage())
})

test('docs/rules/access.md is what `npm run docs` makes', () => {
  assert.equal(read('docs/rules/access.md'), accessPage())
})

test('docs/metrics.md is what `npm run docs` makes', () => {
  assert.equal(read('docs/metrics.md'), metricsPage())
})

for (const file of ['README.md', 'README.id.md', '.env.example']) {
  test(`${file} names every setting`, () => {
    const text = read(file)
    for (const { name } of settings) assert.ok(text.includes(name), name)
  })
}

test('every test that docs/security.md names exists', () => {
  const links = [...read('docs/security.md').matchAll(/\[([^\]]+)\]\(\.\.\/([\w./-]+\.test\.ts)\)/g)]
  // The one that names a file is the link to this test.
  const named = links
    .map(([, name = '', file = '']) => ({ name, file }))
    .filter(({ file, name }) => !file.endsWith(name))
  assert.ok(named.length > 80)
  for (const { name, file } of named) {
    const calls = [...read(file).matchAll(/\btest\(\s*(['"`])/g)].map(({ 0: { length }, index }) => index + length)
    const text = read(file)
    assert.ok(
      calls.some((start) => text.startsWith(`${name}${text[start - 1]}`, start)),
      `${file} has no test "${name}"`,
    )
  }
})
