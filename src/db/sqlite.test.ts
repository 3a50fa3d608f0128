import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, beforeEach, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Database } from './database.ts'
import { migrate } from './migrate.ts'
import { openSqlite } from './sqlite.ts'
import { inTransaction } from './transaction.ts'

const folder = mkdtempSync(join(tmpdir(), 'karcis-sqlite-'))
after(() => rmSync(folder, { recursive: true, force: true }))
let file: string
let number = 0
beforeEach(() => (file = join(folder, `${++number}.db`)))

const keepFence = (database: Database, id: number) =>
  inTransaction(database, async (tx) => {
    await tx.insertInto('group_fence').values({ id, created_at: '2030-01-01 00:00:00' }).execute()
  })

test('whoever waits for another process to write leaves the others their turns', async () => {
  const database = await openSqlite(file)
  await migrate(database)
  const other = new DatabaseSync(file)
  other.exec('begin immediate')
  let turns = 0
  const turning = setInterval(() => turns++, 10)
  const writes = Promise.all([1, 2, 3].map((id) => keepFence(database, id)))
  await sleep(4_000)
  clearInterval(turning)
  other.exec('commit')
  other.close()
  await writes
  // Some 400 if nobody waits, some 8 if each try blocks for half a second.
  assert.ok(turns > 60, `${turns} turns`)
  await database.close()
})

test('a server that starts while another one migrates waits for it', { timeout: 60_000 }, async () => {
  const other = new DatabaseSync(file)
  other.exec('pragma journal_mode = wal; begin immediate')
  const database = await openSqlite(file)
  const migrating = migrate(database)
  // Longer than any other write is waited for.
  await sleep(11_000)
  other.exec('commit')
  other.close()
  assert.ok((await migrating).length > 0)
  await database.close()
})
