import assert from 'node:assert/strict'
import { copyFileSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, beforeEach, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Database } from './database.ts'
import { migrate } from './migrate.ts'
import { databaseTargetFromUrl } from '../config.ts'
import { sqlite } from './dialect.ts'
import { assertSound, openSqlite } from './sqlite.ts'
import { inSnapshot, inTransaction } from './transaction.ts'

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

test('a file that was deleted or replaced is not written to any more, until it is back', async () => {
  const database = await openSqlite(file)
  await migrate(database)
  const run = database.openGroups()
  const group = (id: number) =>
    run(async ({ read, commit }) => {
      await read([])
      const rows = [[id, '2030-01-01 00:00:00']]
      await commit([{ kind: 'insert', table: 'group_fence', columns: ['id', 'created_at'], rows }])
      return 'kept'
    }).catch((error: unknown) => sqlite.meaningOf(error))
  const away = `${file}.away`
  renameSync(file, away)
  for (const replace of [() => {}, () => copyFileSync(away, file)]) {
    replace()
    await assert.rejects(keepFence(database, 1), { code: 'database_unavailable' })
    assert.equal(await group(2), 'unavailable')
    await assert.rejects(
      inSnapshot(database, async () => 'ready'),
      { code: 'database_unavailable' },
    )
  }
  renameSync(away, file)
  await keepFence(database, 3)
  assert.equal(await group(4), 'kept')
  const rows = await database.db.selectFrom('group_fence').select('id').execute()
  assert.deepEqual(
    rows.map(({ id }) => id),
    [3, 4],
  )
  await database.close()
})

test('it closes though its thread can not open the file any more', async () => {
  const place = join(folder, 'gone')
  mkdirSync(place)
  const database = await openSqlite(join(place, 'karcis.db'))
  await migrate(database)
  const run = database.openGroups()
  const committing = run(({ read }) => read([])).catch((error: unknown) => error)
  // The thread is started by now, and has not opened the file yet.
  await new Promise(setImmediate)
  renameSync(place, `${place}-away`)
  const closing = database.close()
  await committing
  await closing
})

test('a SQLite that can lose a commit is refused', () => {
  for (const version of ['3.51.3', '3.51.10', '3.53.4', '3.50.7', '3.44.6', '4.0.0']) assertSound(version)
  for (const version of ['3.51.2', '3.50.6', '3.44.5', '3.49.9', '3.7.0', '']) {
    assert.throws(() => assertSound(version), /can lose what was committed/)
  }
})

test('a database in memory is refused, and so is what SQLite would take for a URL', () => {
  for (const url of ['sqlite::memory:', 'sqlite:file::memory:', 'sqlite:file:x?mode=memory&cache=shared']) {
    assert.throws(() => databaseTargetFromUrl(url), /must name a file/)
  }
})
