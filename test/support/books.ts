import assert from 'node:assert/strict'
import type { Db } from '../../src/db/database.ts'
import { diagnose } from '../../src/doctor.ts'

/** The books balance, row by row: what `npm run doctor` looks at. */
export async function assertBooksBalance(db: Db): Promise<void> {
  assert.deepEqual(await diagnose(db), [])
}
