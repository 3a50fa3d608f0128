import assert from 'node:assert/strict'
import type { Db } from '../../src/db/database.ts'
import { assertBooksBalance } from '../support/books.ts'
import type { Told } from './load.ts'

/** Every booking that was answered 201 is there, nothing is half there, and the books balance. */
export async function assertNothingLost(db: Db, { booked, statuses }: Told): Promise<void> {
  const seen = [...statuses].map(([status, count]) => `${status}: ${count}`).join(', ')
  assert.ok(booked.length > 0, `nobody booked (${seen})`)
  assert.equal(new Set(booked).size, booked.length, 'no id was answered twice')
  const rows = await db.selectFrom('booking').select('id').execute()
  const there = new Set(rows.map(({ id }) => id))
  const lost = booked.filter((id) => !there.has(id))
  assert.deepEqual(lost, [], `answered 201 and not there (${seen})`)
  await assertBooksBalance(db)
}
