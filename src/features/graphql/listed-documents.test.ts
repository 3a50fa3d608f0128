import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { readListed, sha256 } from './listed-documents.ts'

const folder = mkdtempSync(join(tmpdir(), 'karcis-listed-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const query = '{ payment_providers }'

function aFile(content: string): string {
  const file = join(folder, 'documents.json')
  writeFileSync(file, content)
  return file
}

test('documents are listed by themselves, or by their hashes', async () => {
  for (const content of [[query], { [sha256(query)]: query }]) {
    assert.deepEqual(await readListed(aFile(JSON.stringify(content))), new Map([[sha256(query), query]]))
  }
})

for (const [name, content, sentence] of [
  ['no JSON', '{', /^StartupError: GRAPHQL_DOCUMENTS must name a file of JSON/],
  ['no list', '"x"', /^StartupError: GRAPHQL_DOCUMENTS must name a file of JSON/],
  ['no texts', '[1]', /^StartupError: GRAPHQL_DOCUMENTS must list documents as texts\.$/],
  ['a hash of another', `{"${sha256('x')}":"${query}"}`, /is not the SHA-256 of its document\.$/],
] as const) {
  test(`a file with ${name} keeps the server from starting`, async () => {
    await assert.rejects(readListed(aFile(content)), sentence)
  })
}

test('a file that is not there keeps the server from starting', async () => {
  await assert.rejects(
    readListed(join(folder, 'nowhere.json')),
    /^StartupError: GRAPHQL_DOCUMENTS names a file that can't be read/,
  )
})
