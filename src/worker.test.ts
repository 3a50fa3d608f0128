import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { setImmediate as yieldToOthers, setTimeout as sleep } from 'node:timers/promises'
import { openTestDatabase } from '../test/support/database.ts'
import { testDeps } from '../test/support/deps.ts'
import { aMessage, eventually, keptLog, outboxRows, watched } from '../test/support/outbox.ts'
import { databaseTargetFromUrl } from './config.ts'
import { openDatabase } from './db/database.ts'
import type { Chore } from './features/outbox/chore.ts'
import type { Handler } from './features/outbox/run-outbox.ts'
import { toTimestamp } from './lib/time.ts'
import { wakeSignal } from './lib/wake.ts'
import { startWorker, type Worker } from './worker.ts'

const { database, url, drop } = await openTestDatabase()
const other = await openDatabase(databaseTargetFromUrl(url), 5)
const workers: Worker[] = []
after(async () => {
  // Those that a failed test leaves behind would keep the process alive.
  await Promise.all(workers.map(({ stop }) => stop()))
  await other.close()
  await drop()
})
const working = (...how: Parameters<typeof startWorker>): Worker => {
  const worker = startWorker(...how)
  workers.push(worker)
  return worker
}
/** Well below a poll, and long enough for whoever does too much to be seen at it. */
const watch_ms = 400

const deps = testDeps(database)
const isEmpty = async () => (await outboxRows(deps)).length === 0
const never: Chore = { name: 'never', nextDue: async () => undefined, run: async () => 0 }

test('two workers: each message is done by one of them, and all are done', async () => {
  const keys = Array.from({ length: 150 }, (_, n) => `n${n}`)
  for (const key of keys) await aMessage(deps, { key })
  const done: string[] = []
  const by = new Set<number>()
  const handlerOf =
    (worker: number): Handler =>
    async (_, { key }) => {
      await sleep(Math.random() * 5)
      by.add(worker)
      done.push(key)
    }
  const { log, lines } = keptLog()
  const both = [database, other].map((one, index) =>
    working(testDeps(one), log, { handlers: { test: handlerOf(index) }, chores: [] }),
  )
  await eventually(isEmpty)
  await Promise.all(both.map(({ stop }) => stop()))
  assert.deepEqual(done.toSorted(), keys.toSorted())
  assert.equal(by.size, 2)
  assert.deepEqual(lines, [])
})

test('a message is done well before the poll when somebody wakes the worker, and an idle one asks nothing', async () => {
  let queries = 0
  const counted = watched(database, () => queries++)
  const signal = wakeSignal()
  const done: string[] = []
  const test: Handler = async (_, { key }) => void done.push(key)
  await aMessage(deps, { key: 'tomorrow', run_at: toTimestamp(new Date(Date.now() + 24 * 60 * 60_000)) })
  const work = { handlers: { test }, chores: [never], signal }
  const worker = working(testDeps(counted), keptLog().log, work)
  await eventually(() => queries > 0)
  await sleep(watch_ms)
  assert.equal(queries, 1, 'when the next message is due')
  for (const key of ['first', 'second', 'third']) {
    await aMessage(deps, { key })
    signal.wake()
    const start = performance.now()
    await eventually(() => done.includes(key))
    assert.ok(performance.now() - start < 2_000)
  }
  await sleep(watch_ms)
  const before = queries
  await sleep(watch_ms)
  assert.equal(queries, before)
  const start = performance.now()
  for (let n = 0; n < 1_000; n++) {
    signal.wake()
    await yieldToOthers()
  }
  const looks_max = (performance.now() - start) / 15 + 2
  assert.ok(queries - before <= looks_max, `a crowd woke it ${queries - before} times, not ${looks_max}`)
  await worker.stop()
  assert.deepEqual(
    (await outboxRows(deps)).map(({ dedup_key }) => dedup_key),
    ['tomorrow'],
  )
  await database.writer.deleteFrom('outbox').execute()
})

test('what becomes due while the worker sleeps is done at its time, unasked', async () => {
  const done: string[] = []
  const test: Handler = async (_, { key }) => void done.push(key)
  await aMessage(deps, { key: 'soon', run_at: toTimestamp(new Date(Date.now() + 300)) })
  const worker = working(deps, keptLog().log, { handlers: { test }, chores: [] })
  await eventually(() => done.length === 1)
  await worker.stop()
})

test('who is woken between looking and sleeping does not fall asleep', async () => {
  const { wake, sleeper } = wakeSignal()
  const [one, two] = [sleeper(), sleeper()]
  wake()
  assert.equal(await one.untilWoken(60_000), true)
  assert.equal(await one.untilWoken(1), false, 'once')
  const asleep = one.untilWoken(60_000)
  wake()
  assert.deepEqual([await asleep, await two.untilWoken(60_000)], [true, true])
  two.leave()
  wake()
  assert.equal(await two.untilWoken(1), false)
})

test('a chore is done in batches until nothing is due; what fails or hangs keeps nobody from it', async () => {
  let left = 5
  const past = '2001-01-01 00:00:00.000'
  const good: Chore = {
    name: 'good',
    nextDue: async () => (left > 0 ? past : undefined),
    run: async () => (left--, 1),
  }
  let tries = 0
  const bad: Chore = {
    name: 'bad',
    nextDue: async () => past,
    run: async () => {
      tries++
      throw new Error('a bug')
    },
  }
  const { promise: gate, resolve: open } = Promise.withResolvers<number>()
  const hanging: Chore = { name: 'hanging', nextDue: async () => past, run: () => gate }
  const blind: Chore = {
    name: 'blind',
    nextDue: async () => {
      throw new Error('no such column')
    },
    run: async () => 0,
  }
  const { log, lines } = keptLog()
  const handled: string[] = []
  const test: Handler = async (_, { key }) => void handled.push(key)
  await aMessage(deps, { key: 'in between' })
  const signal = wakeSignal()
  const worker = working(deps, log, { handlers: { test }, chores: [blind, bad, hanging, good], signal })
  await eventually(() => left === 0 && handled.length === 1 && tries >= 3)
  const before = tries
  for (let n = 0; n < 20; n++) {
    signal.wake()
    await sleep(10)
  }
  assert.ok(tries - before <= 1, 'waking does not make what fails come more often')
  let hasStopped = false
  const stopped = worker.stop().then(() => (hasStopped = true))
  await sleep(20)
  assert.equal(hasStopped, false, 'what is under way is finished')
  open(0)
  await stopped
  assert.deepEqual(lines.map(({ chore, level }) => `${String(chore)}: ${String(level)}`).toSorted(), [
    'bad: error',
    'blind: error',
  ])
})

test('a stop finishes the messages that are under way, and takes no more', async () => {
  for (let n = 0; n < 20; n++) await aMessage(deps, { key: `m${n}` })
  const { promise: gate, resolve: open } = Promise.withResolvers<void>()
  let [begun, ended] = [0, 0]
  const test: Handler = async () => {
    begun++
    await gate
    ended++
  }
  const worker = working(deps, keptLog().log, { handlers: { test }, chores: [] })
  await eventually(() => begun === 8)
  const stopped = worker.stop()
  open()
  await stopped
  assert.deepEqual([begun, ended, (await outboxRows(deps)).length], [8, 8, 12])
  await database.writer.deleteFrom('outbox').execute()
})

test('a database that is away is told of once, waited for, and the work goes on by itself', async () => {
  let isAway = true
  let queries = 0
  const shaky = watched(database, () => {
    queries++
    // As the drivers say that the server, or the file, can't be opened.
    if (isAway) throw Object.assign(new Error('away'), { code: 'ECONNREFUSED', errcode: 14 })
  })
  const { log, lines } = keptLog()
  const done: string[] = []
  const test: Handler = async (_, { key }) => void done.push(key)
  await aMessage(deps, { key: 'patient' })
  const looking: Chore = {
    name: 'looking',
    nextDue: async (db) => {
      await db.selectFrom('hold').select('booking_id').limit(1).execute()
      return undefined
    },
    run: async () => 0,
  }
  const worker = working(testDeps(shaky), log, { handlers: { test }, chores: [looking] })
  await eventually(() => queries >= 6)
  isAway = false
  await eventually(() => done.length === 1 && lines.length === 2)
  await worker.stop()
  assert.deepEqual(
    lines.map(({ level, msg }) => [level, msg]),
    [
      ['warn', 'the database is away, and the worker waits for it'],
      ['info', 'the worker has the database again'],
    ],
  )
  assert.ok(await isEmpty())
})

test('a database that goes away while a message runs: it runs again, when its lease ends', async () => {
  let isAway = false
  let later_ms = 0
  const shaky = watched(database, () => {
    if (isAway) throw Object.assign(new Error('away'), { code: 'ECONNREFUSED', errcode: 14 })
  })
  let runs = 0
  const test: Handler = async () => {
    isAway = ++runs === 1
  }
  await aMessage(deps, { key: 'twice' })
  const there = testDeps(shaky, { now: () => new Date(Date.now() + later_ms) })
  const worker = working(there, keptLog().log, { handlers: { test }, chores: [] })
  await eventually(() => isAway)
  later_ms = 61_000
  isAway = false
  await eventually(() => runs === 2)
  await worker.stop()
  assert.ok(await isEmpty())
})
