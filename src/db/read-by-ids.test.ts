import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { openTestDatabase } from '../../test/support/database.ts'
import type { Db } from './database.ts'
import { readByIds } from './read-by-ids.ts'
import { inTransaction } from './transaction.ts'

const { database, drop } = await openTestDatabase()
after(drop)

const ids = [3, 5, 7, 11, 13, 17, 19]
const created_at = '2026-01-01 00:00:00.000'
await database.writer
  .insertInto('group_fence')
  .values(ids.map((id) => ({ id, created_at })))
  .execute()

let made: number[] = []
const rows = (db: Db, wanted: readonly number[]) => {
  made.push(wanted.length)
  return db.selectFrom('group_fence').select('id').where('id', 'in', wanted)
}

test('however many are asked for, each is found once, by a query for the next power of two', async () => {
  const list = readByIds(rows)
  made = []
  for (let count = 0; count <= ids.length; count++) {
    const found = await list(database.db, ids.slice(0, count))
    assert.deepEqual(
      found.map(({ id }) => id).toSorted((a, b) => a - b),
      ids.slice(0, count),
    )
  }
  assert.deepEqual(made, [1, 2, 4, 8])
})

test('a query that was made holds for other ids and in other transactions', async () => {
  const list = readByIds(rows)
  made = []
  for (const id of [13, 17, 18]) {
    const found = await inTransaction(database, (tx) => list(tx, [id]))
    assert.deepEqual(
      found.map((row) => row.id),
      ids.filter((one) => one === id),
    )
  }
  assert.deepEqual(made, [1])
})

test('a query with other parameters is a mistake that is told at once', async () => {
  const list = readByIds((db: Db, wanted: readonly number[]) => rows(db, wanted).where('created_at', '<', created_at))
  await assert.rejects(list(database.db, ids), /other parameters/)
})
