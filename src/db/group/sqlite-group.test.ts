import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { Worker } from 'node:worker_threads'
import { onSqlite, openTestDatabase } from '../../../test/support/database.ts'
import type { GroupWrite } from './group.ts'

const { database, drop } = await openTestDatabase()
after(drop)
const run = database.openGroups()
const skip = { skip: !onSqlite && 'about the embedded database' }

let thread: Worker | undefined
// The first is the one that writes.
process.on('worker', (one) => (thread ??= one))

const fence = (id: number): GroupWrite[] => [
  { kind: 'insert', table: 'group_fence', columns: ['id', 'created_at'], rows: [[id, '2030-01-01 00:00:00']] },
]
const isKept = async (id: number) =>
  (await database.db.selectFrom('group_fence').select('id').where('id', '=', id).executeTakeFirst()) !== undefined

test('a thread that ends between a read and its commit: unavailable, nothing kept, and on it goes', skip, async () => {
  const lost = run(async (group) => {
    await group.read([{ select: 'select id from event', ids: [1], lock: 'update' }])
    await thread!.terminate()
    await group.commit(fence(1))
  })
  const error = await lost.catch((error: unknown) => error)
  assert.equal(database.dialect.meaningOf(error), 'unavailable')
  assert.equal(await isKept(1), false)
  await run(async (group) => {
    await group.read([])
    await group.commit(fence(2))
  })
  assert.equal(await isKept(2), true)
})
