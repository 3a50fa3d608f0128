import assert from 'node:assert/strict'
import { test } from 'node:test'
import { languageOf } from './language.ts'

for (const [header, language] of [
  [undefined, 'en'],
  ['', 'en'],
  ['id', 'id'],
  ['id-ID,id;q=0.9,en-US;q=0.8', 'id'],
  ['en-GB,en;q=0.9,id;q=0.8', 'en'],
  ['en;q=0.1,id;q=0.2', 'id'],
  ['fr,de;q=0.5', 'en'],
  ['fr,ID;q=0.3', 'id'],
  ['id;q=0', 'en'],
  ['id;q=x', 'en'],
  [`${'x,'.repeat(5_000)}id`, 'en'],
] as const) {
  test(`${JSON.stringify(header)?.slice(0, 40)} asks for ${language}`, () => assert.equal(languageOf(header), language))
}
