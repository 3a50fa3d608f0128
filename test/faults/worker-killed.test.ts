import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { databaseTargetFromUrl } from '../../src/config.ts'
import { openDatabase } from '../../src/db/database.ts'
import { migrate } from '../../src/db/migrate.ts'
import { createEmptyDatabase, onSqlite } from '../support/database.ts'
import { testDeps } from '../support/deps.ts'
import { aMessage, eventually, outboxRows } from '../support/outbox.ts'
import { hasMariaDb, privateMariaDb } from '../support/private-mariadb.ts'
import { killLeftovers, startProcess } from '../support/servers.ts'

const folder = mkdtempSync(join(tmpdir(), 'karcis-worker-'))
after(() => {
  killLeftovers()
  rmSync(folder, { recursive: true, force: true })
})

const lease_ms = 60_000
const batch_max = 8
const away_ms = 1_500

/** Worker processes on this database, and what they have done. */
async function workplace(url: string, name: string) {
  const DONE_FILE = join(folder, name)
  writeFileSync(DONE_FILE, '')
  const database = await openDatabase(databaseTargetFromUrl(url), 3)
  await migrate(database)
  const deps = testDeps(database)
  return {
    deps,
    database,
    start: (later_ms: number) =>
      startProcess('test/support/outbox-worker.ts', [], { DATABASE_URL: url, DONE_FILE, LATER_MS: String(later_ms) }),
    done: () => readFileSync(DONE_FILE, 'utf8').trimEnd().split('\n').filter(Boolean),
    async put(count: number): Promise<string[]> {
      const keys = Array.from({ length: count }, (_, n) => `${name} ${n}`)
      for (const key of keys) await aMessage(deps, { key })
      return keys
    },
    isEmpty: async () => (await outboxRows(deps)).length === 0,
  }
}

test('kill -9 of the worker, again and again: every message is done, few of them twice', async () => {
  const { url, drop } = await createEmptyDatabase()
  const { database, put, start, done, isEmpty } = await workplace(url, 'killed')
  const keys = await put(200)
  const kills = 4
  for (let round = 0; round < kills; round++) {
    const before = done().length
    const worker = start(round * (lease_ms + 1_000))
    await eventually(() => done().length > before + 3 + round)
    assert.equal(await worker.stop('SIGKILL'), null)
    assert.equal(await isEmpty(), false, 'it was killed in the middle')
  }
  const last = start(kills * (lease_ms + 1_000))
  await eventually(isEmpty)
  assert.equal(await last.stop('SIGTERM'), 0, last.output())
  assert.deepEqual([...new Set(done())].toSorted(), keys.toSorted())
  assert.ok(done().length <= keys.length + kills * batch_max, `${done().length} times`)
  await database.close()
  await drop()
})

test('SIGTERM in the middle: what was begun is finished, nothing is done twice, and nothing waits for a lease', async () => {
  const { url, drop } = await createEmptyDatabase()
  const { database, put, start, done, isEmpty } = await workplace(url, 'stopped')
  const keys = await put(60)
  const first = start(0)
  await eventually(() => done().length > 5)
  assert.equal(await first.stop('SIGTERM'), 0, first.output())
  assert.equal(await isEmpty(), false)
  const second = start(0)
  await eventually(isEmpty)
  assert.equal(await second.stop('SIGTERM'), 0, second.output())
  assert.deepEqual(done().toSorted(), keys.toSorted())
  await database.close()
  await drop()
})

const skip = onSqlite ? 'SQLite has no server to kill' : !hasMariaDb && 'mariadbd is not installed'
test('kill -9 of MariaDB under the worker: it goes on by itself, and every message is done', { skip }, async () => {
  const mariadb = await privateMariaDb()
  after(() => mariadb.remove())
  const before = await workplace(mariadb.url, 'without a database')
  const keys = await before.put(150)
  const worker = before.start(0)
  await eventually(() => before.done().length > 10)
  mariadb.kill('SIGKILL')
  await mariadb.ended()
  await before.database.close().catch(() => undefined)
  await sleep(away_ms)
  await mariadb.start()
  const database = await openDatabase(databaseTargetFromUrl(mariadb.url), 2)
  const deps = testDeps(database)
  // All but what it had claimed when it lost the database.
  await eventually(async () => (await outboxRows(deps)).length <= batch_max)
  assert.equal(await worker.stop('SIGTERM'), 0, worker.output())
  assert.equal(worker.output().split('the database is away').length - 1, 1, worker.output())
  const next = before.start(lease_ms + 1_000)
  await eventually(async () => (await outboxRows(deps)).length === 0)
  assert.equal(await next.stop('SIGTERM'), 0, next.output())
  assert.deepEqual([...new Set(before.done())].toSorted(), keys.toSorted())
  await database.close()
})
