import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import pino from 'pino'
import { announce, type Changes } from '../../db/changes.ts'
import type { Database } from '../../db/database.ts'
import { inTransaction } from '../../db/transaction.ts'
import { onSqlite, openTestDatabase } from '../../../test/support/database.ts'
import { until } from '../../../test/support/until.ts'
import { openFeed, type Feed } from './feed.ts'
import { removeOldChanges } from './old-changes.ts'

const log = pino({ level: 'silent' })
const { database, drop } = await openTestDatabase()
const feeds: Feed[] = []
after(async () => {
  for (const feed of feeds) await feed.close()
  await drop()
})

async function aFeed(): Promise<Feed> {
  const feed = await openFeed({ database }, { log })
  feeds.push(feed)
  return feed
}

/** A feed that is listened to, and the events that it told of. */
async function listening() {
  const feed = await aFeed()
  const told: number[] = []
  const end = feed.listen(({ events }) => told.push(...events))
  await feed.begun()
  return { feed, told, end }
}

const at = '2026-01-01 00:00:00.000'
const commit = (event: number) =>
  inTransaction(database, async (tx) => {
    announce(tx, at, { events: [event] })
  })
/** As another process writes it: this one is not told. */
const write = async (id: number | undefined, event: number, when = at) =>
  database.writer
    .insertInto('live_change')
    .values({ ...(id !== undefined && { id }), what: JSON.stringify({ events: [event] }), at: when })
    .execute()

test('what this process commits and what others do is told once, with ids that grow', async () => {
  const { feed, end } = await listening()
  const told: [Changes, number][] = []
  feed.listen((changes, seq) => told.push([changes, seq]))
  await commit(1)
  await write(undefined, 2)
  await until(() => told.length === 2)
  await sleep(250)
  assert.deepEqual(
    told.map(([{ events, bookings }]) => [events, bookings]),
    [
      [[1], []],
      [[2], []],
    ],
  )
  assert.ok(told[0]![1] < told[1]![1])
  assert.equal(feed.position(), told[1]![1])
  end()
})

test('what was committed before anyone listened is remembered and not told', async () => {
  await commit(3)
  const { feed, told } = await listening()
  assert.equal(feed.recent().changes.at(-1)?.changes.events[0], 3)
  await commit(4)
  await until(() => told.length === 1)
  assert.deepEqual(told, [4])
})

test('an id that was jumped over is told when its transaction has ended', async () => {
  const { feed, told } = await listening()
  const next = feed.position() + 1
  await write(next + 2, 12)
  await until(() => told.length === 1)
  await write(next, 10)
  await until(() => told.length === 2)
  await write(next + 1, 11)
  await until(() => told.length === 3)
  await sleep(250)
  assert.deepEqual(told, [12, 10, 11])
})

test('a transaction that is overtaken by another one is not lost', { skip: onSqlite }, async () => {
  const { told } = await listening()
  const [isWritten, mayEnd] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const slow = database.writer.transaction().execute(async (tx) => {
    await tx.insertInto('live_change').values({ what: '{"events":[20]}', at }).execute()
    isWritten.resolve()
    await mayEnd.promise
  })
  await isWritten.promise
  await commit(21)
  await until(() => told.length === 1)
  mayEnd.resolve()
  await slow
  await until(() => told.length === 2)
  assert.deepEqual(told, [21, 20])
})

test('what all that is there has overtaken is told when it comes', async () => {
  await commit(70)
  const { feed, end } = await listening()
  const next = feed.position() + 1
  end()
  await database.writer.deleteFrom('live_change').execute()
  await write(next + 2, 72)
  const { told } = await listening()
  await write(next + 1, 71)
  await until(() => told.length === 1)
  await write(next, 70)
  await until(() => told.length === 2)
  assert.deepEqual(told, [71, 70])
})

test('of very many changes that were there before, none is told', async () => {
  await commit(80)
  const { feed, end } = await listening()
  const first = feed.position() + 1
  end()
  for (let id = first; id < first + 5_500; id += 500) {
    const rows = Array.from({ length: 500 }, (_, n) => ({ id: id + n, what: '{"events":[81]}', at }))
    await database.writer.insertInto('live_change').values(rows).execute()
  }
  const { told } = await listening()
  await commit(82)
  await until(() => told.length > 0)
  await sleep(250)
  assert.deepEqual(told, [82])
  await database.writer.deleteFrom('live_change').execute()
})

test('it asks nothing while nobody listens, and begins again where things stand', async () => {
  const { feed, told, end } = await listening()
  end()
  assert.equal(feed.position(), 0)
  await commit(30)
  feed.listen(({ events }) => told.push(...events))
  await feed.begun()
  await commit(31)
  await until(() => told.length === 1)
  assert.deepEqual(told, [31])
})

/** The database, which can't be reached while it is lost. */
function losable(): { isLost: boolean; database: Database } {
  const losing = {
    isLost: false,
    database: {
      ...database,
      get db() {
        if (losing.isLost) throw Object.assign(new Error('no database'), { code: 'ECONNREFUSED', errcode: 14 })
        return database.db
      },
    },
  }
  return losing
}

test('it outlives the loss of its database, and says so once', async () => {
  const said: string[] = []
  const losing = losable()
  losing.isLost = true
  const logged = pino(
    { level: 'info' },
    { write: (line: string) => void said.push((JSON.parse(line) as { msg: string }).msg) },
  )
  const feed = await openFeed(losing, { log: logged })
  feeds.push(feed)
  const told: number[] = []
  feed.listen(({ events }) => told.push(...events))
  await assert.rejects(feed.begun(), { code: 'database_unavailable' })
  losing.isLost = false
  await until(async () =>
    feed.begun().then(
      () => true,
      () => false,
    ),
  )
  await commit(50)
  await until(() => told.length === 1)
  losing.isLost = true
  await commit(51)
  await sleep(700)
  losing.isLost = false
  await until(() => told.length === 2)
  assert.deepEqual(told, [50, 51])
  const [lost, back] = [
    'the change feed has lost the database, and waits for it',
    'the change feed has the database again',
  ]
  assert.deepEqual(said, [lost, back, lost, back])
})

test('a database that was away for longer than changes are kept is no longer believed', async () => {
  const losing = losable()
  const feed = await openFeed(losing, { log, away_ms_max: 500 })
  feeds.push(feed)
  let losses = 0
  feed.listen(
    () => {},
    () => losses++,
  )
  await feed.begun()
  await commit(60)
  await until(() => feed.recent().changes.length > 0)
  await sleep(700)
  assert.equal(losses, 0, 'it has looked, and there was nothing')
  losing.isLost = true
  await sleep(700)
  losing.isLost = false
  await until(() => losses === 1)
  assert.deepEqual(feed.recent(), { complete_after: feed.position(), changes: [] })
  await sleep(300)
  assert.equal(losses, 1)
})

test('rows older than ten minutes go, in batches', async () => {
  const now = new Date('2030-01-01T00:00:00Z')
  for (let n = 0; n < 3; n++) await write(undefined, 40 + n, '2029-12-31 23:55:00.000')
  assert.ok((await removeOldChanges(database, now)) > 0)
  assert.equal(await removeOldChanges(database, now), 0)
  const left = await database.db.selectFrom('live_change').select('what').execute()
  assert.deepEqual(
    left.map(({ what }) => what),
    ['{"events":[40]}', '{"events":[41]}', '{"events":[42]}'],
  )
})
