import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startApp } from '../../test/support/app.ts'
import { factories } from '../../test/support/factories.ts'

const { app, deps } = await startApp()
const { anEvent } = factories(deps)
await anEvent()
await anEvent()

async function ask(query: string) {
  const answer = await app.inject(`/api/v2/events?${query}`)
  return { status: answer.statusCode, body: answer.json() }
}

const written = (key: readonly unknown[]) => Buffer.from(JSON.stringify(key)).toString('base64url')

for (const sort of ['id', '-id', 'date', '-date', 'price', 'title', '-title']) {
  test(`the cursor of a list by ${sort} leads on to its end`, async () => {
    const first = await ask(`sort=${sort}&limit=1`)
    const next = await ask(`sort=${sort}&limit=1&cursor=${first.body.next_cursor}`)
    assert.equal(next.body.items.length, 1)
    assert.notEqual(next.body.items[0].id, first.body.items[0].id)
    assert.equal(next.body.next_cursor, null)
  })
}

for (const [sort, key] of [
  ['date', ['date,id', 'nonsense', 1]],
  ['date', ['date,id', '2030-02-30 00:00:00', 1]],
  ['date', ['date,id', 5, 1]],
  ['price', ['price,id', '5', 1]],
  ['title', ['title,id', 5, 1]],
  ['id', ['id', '1']],
  ['id', ['id', 1.5]],
  ['id', ['id', 1, 1]],
  ['id', ['-id', 1]],
  ['id', { 0: 'id', 1: 1 } as never],
] as const) {
  test(`${JSON.stringify(key)} is no cursor of a list by ${sort}`, async () => {
    const { status, body } = await ask(`sort=${sort}&cursor=${written(key)}`)
    assert.deepEqual([status, body.code], [400, 'invalid_cursor'])
  })
}
