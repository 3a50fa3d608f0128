import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { openTestDatabase } from '../../../test/support/database.ts'
import { testDeps } from '../../../test/support/deps.ts'
import { aMessage, keptLog, outboxRows, rowOf } from '../../../test/support/outbox.ts'
import { inTransaction } from '../../db/transaction.ts'
import { system } from '../../lib/caller.ts'
import { dateOf, toTimestamp } from '../../lib/time.ts'
import { findNextRun, leaseMessages, type Lane } from './outbox.sql.ts'
import { putInOutbox } from './put.ts'
import { retryMessage } from './retry-message.ts'
import { runOutbox, TryLater, type Handler } from './run-outbox.ts'

const { database, drop } = await openTestDatabase()
after(drop)

let now_ms = Date.parse('2030-06-01T12:00:00Z')
const { log, lines } = keptLog()
let woken = 0
const deps = testDeps(database, { now: () => new Date(now_ms), wake: () => void woken++ })
const pass = (ms: number) => (now_ms += ms)
const at = () => toTimestamp(deps.now())
const ahead_ms = (moment: string | null) => dateOf(moment!).getTime() - now_ms
const minute_ms = 60_000
/** A whole test's messages, gone. */
const clear = () => inTransaction(database, (tx) => tx.deleteFrom('outbox').execute())

/** Runs until nothing is due; what was handled, in order. */
async function run(handle: Handler = async () => {}, limits?: { handler_ms_max: number }): Promise<string[]> {
  const handled: string[] = []
  const test: Handler = async (payload, message) => {
    handled.push(message.key)
    await handle(payload, message)
  }
  while ((await runOutbox(deps, { test }, log, limits)) > 0);
  return handled
}
const fail: Handler = async () => {
  throw new Error('nobody answers')
}

test('a message is there if its transaction is kept, and only then', async () => {
  const put = (key: string, end?: Error) =>
    inTransaction(database, async (tx) => {
      await putInOutbox(tx, { kind: 'test', key, payload: { n: 1 }, at: at() })
      if (end) throw end
    })
  await put('kept')
  await assert.rejects(put('lost', new Error('no')), /no/)
  const rows = await outboxRows(deps)
  assert.deepEqual(
    rows.map(({ dedup_key, payload, run_at, attempts }) => [dedup_key, payload, run_at, attempts]),
    [['kept', '{"n":1}', at(), 0]],
  )
  await clear()
})

test('the same kind and key again is left as it is, and the transaction goes on', async () => {
  await inTransaction(database, async (tx) => {
    for (const payload of ['first', 'second']) {
      await putInOutbox(tx, { kind: 'test', key: 'once', payload, at: at(), run_at: '2031-01-01 00:00:00.000' })
    }
    await putInOutbox(tx, { kind: 'other', key: 'once', payload: 'third', at: at() })
  })
  await aMessage(deps, { key: 'once', payload: 'fourth' })
  assert.deepEqual(
    (await outboxRows(deps)).map(({ kind, payload, run_at }) => [kind, payload, run_at]),
    [
      ['test', '"first"', '2031-01-01 00:00:00.000'],
      ['other', '"third"', at()],
    ],
  )
  await clear()
})

for (const [name, message] of [
  ['a payload that is too long', { payload: 'x'.repeat(64 * 1024) }],
  ['a kind that is too long', { kind: 'k'.repeat(33) }],
  ['a key that is no ASCII', { key: 'é' }],
] as const) {
  test(`${name} is a bug, and nothing is kept`, async () => {
    await assert.rejects(aMessage(deps, message), { name: 'Error' })
    assert.deepEqual(await outboxRows(deps), [])
  })
}

test('what is due is handled once, longest due first, and is gone; the rest waits for its time', async () => {
  await aMessage(deps, { key: 'tomorrow', run_at: toTimestamp(new Date(now_ms + 24 * 60 * minute_ms)) })
  for (let n = 0; n < 20; n++) {
    await aMessage(deps, { key: `n${n}`, payload: { n }, run_at: toTimestamp(new Date(now_ms - n * 1_000)) })
  }
  const payloads: unknown[] = []
  const handled = await run(async (payload) => void payloads.push(payload))
  assert.deepEqual(
    handled.slice(0, 8).toSorted(),
    Array.from({ length: 8 }, (_, n) => `n${19 - n}`).toSorted(),
    'the first batch',
  )
  assert.equal(new Set(handled).size, 20)
  assert.equal(handled.length, 20)
  assert.ok(payloads.some((payload) => (payload as { n: number }).n === 7))
  assert.deepEqual(
    (await outboxRows(deps)).map(({ dedup_key }) => dedup_key),
    ['tomorrow'],
  )
  await clear()
})

test('a message that fails comes again less and less often, dies, and is tried again by an admin', async () => {
  const { id } = await aMessage(deps, { key: 'bad' })
  const logged = lines.length
  let longest_ms = 0
  for (let attempt = 1; attempt < 12; attempt++) {
    assert.deepEqual(await run(fail), ['bad'])
    const { attempts, run_at, last_error } = await rowOf(deps, 'bad')
    assert.deepEqual([attempts, last_error], [attempt, 'Error: nobody answers'])
    const wait_ms = ahead_ms(run_at)
    assert.ok(wait_ms >= 0 && wait_ms <= Math.min(600_000, 1_000 * 2 ** attempt), `${wait_ms} ms after ${attempt}`)
    longest_ms = Math.max(longest_ms, wait_ms)
    pass(wait_ms + 1)
  }
  assert.ok(longest_ms > 10_000)
  assert.deepEqual(await run(fail), ['bad'])
  const dead = await rowOf(deps, 'bad')
  assert.deepEqual([dead.attempts, dead.run_at, dead.dead_at], [12, null, at()])
  const levels = lines.slice(logged).map(({ level }) => level)
  assert.deepEqual(levels, [...Array<string>(11).fill('warn'), 'error'])
  pass(1_000 * minute_ms)
  assert.deepEqual(await run(), [], 'the dead are left alone')

  woken = 0
  const revived = await retryMessage(deps, system, id)
  assert.deepEqual([revived.attempts, revived.run_at, revived.dead_at, woken], [0, at(), null, 1])
  assert.deepEqual(await run(), ['bad'])
  assert.deepEqual(await outboxRows(deps), [])
})

test('who asks to be run later is, and has not failed', async () => {
  await aMessage(deps, { key: 'early' })
  const later = toTimestamp(new Date(now_ms + 5 * minute_ms))
  await run(async () => {
    throw new TryLater(later)
  })
  const { attempts, run_at, last_error } = await rowOf(deps, 'early')
  assert.deepEqual([attempts, run_at, last_error], [0, later, null])
  pass(5 * minute_ms)
  await run(async () => {
    throw new TryLater(at())
  })
  assert.equal(ahead_ms((await rowOf(deps, 'early')).run_at), 1_000, 'at once would be without end')
  pass(1_000)
  assert.deepEqual(await run(), ['early'])
})

test('a kind that nobody knows is left to a newer server, however long that takes, and told of once', async () => {
  for (const kind of ['newer', 'constructor', 'test']) await aMessage(deps, { kind, key: kind })
  lines.length = 0
  const handled: string[] = []
  const handlers = { test: async (_: unknown, { key }: { key: string }) => void handled.push(key) }
  for (let turn = 0; turn < 20; turn++) {
    await runOutbox(deps, handlers, log)
    pass(minute_ms)
  }
  assert.deepEqual(handled, ['test'])
  const rows = await outboxRows(deps)
  assert.deepEqual(
    rows.map(({ kind, attempts, dead_at, last_error }) => [kind, attempts, dead_at, last_error]),
    [
      ['newer', 0, null, null],
      ['constructor', 0, null, null],
    ],
  )
  assert.deepEqual(
    lines.map(({ kind, msg }) => [kind, msg]),
    ['newer', 'constructor'].map((kind) => [kind, 'messages of this kind are left to a newer server']),
  )
  await runOutbox(deps, { newer: async (_, { key }) => void handled.push(key) }, log)
  assert.deepEqual(handled, ['test', 'newer'])
  await clear()
})

test('a lane has its own messages alone: what payment providers are asked, or all else', async () => {
  for (const kind of ['send_refund', 'send_mail', 'apply_notice', 'close_payment', 'cancel_bookings', 'newer']) {
    await aMessage(deps, { kind, key: kind })
  }
  const of = async (lane: Lane) => {
    const met: string[] = []
    const meet: Handler = async (_, { key }) => void met.push(key)
    const kinds = (await outboxRows(deps)).map(({ kind }) => kind)
    while ((await runOutbox(deps, Object.fromEntries(kinds.map((kind) => [kind, meet])), log, { lane })) > 0);
    assert.equal(await findNextRun(database.db, lane), undefined)
    return met.toSorted()
  }
  assert.equal(await findNextRun(database.db, 'payments'), at())
  assert.deepEqual(await of('payments'), ['apply_notice', 'close_payment', 'send_refund'])
  assert.deepEqual(await of('work'), ['cancel_bookings', 'newer', 'send_mail'])
})

test('a handler without an end has failed when its time is up', async () => {
  await aMessage(deps, { key: 'endless' })
  await run(() => new Promise(() => {}), { handler_ms_max: 20 })
  assert.match((await rowOf(deps, 'endless')).last_error!, /no end after 20 ms/)
  await clear()
})

test('a long and odd error is shortened, not refused', async () => {
  await aMessage(deps, { key: 'odd' })
  await run(async () => {
    throw new Error(`${'🎫'.repeat(2_000)}\0`)
  })
  assert.ok((await rowOf(deps, 'odd')).last_error!.length <= 500)
  await clear()
})

test('what was claimed by a process that died comes again when its lease ends, and not before', async () => {
  const { id } = await aMessage(deps, { key: 'orphan' })
  const claim = () =>
    inTransaction(database, (tx) => leaseMessages(tx, [id], toTimestamp(new Date(now_ms + minute_ms))))
  await claim()
  pass(minute_ms - 1)
  assert.deepEqual(await run(), [])
  pass(1)
  assert.deepEqual(await run(), ['orphan'])
  assert.deepEqual(await outboxRows(deps), [])
})

test('a message that every process dies of is dead after its last attempt', async () => {
  const { id } = await aMessage(deps, { key: 'killer' })
  for (let attempt = 1; attempt <= 12; attempt++) {
    await inTransaction(database, (tx) => leaseMessages(tx, [id], at()))
  }
  assert.deepEqual(await run(), [], 'not a thirteenth time')
  const { run_at, dead_at, last_error } = await rowOf(deps, 'killer')
  assert.deepEqual([run_at, dead_at], [null, at()])
  assert.match(last_error!, /never ended/)
  await clear()
})

for (const [name, end] of [
  ['done', async () => {}],
  ['failed', fail],
] as const) {
  test(`an attempt that outlived its lease and is ${name} leaves the next one alone`, async () => {
    await aMessage(deps, { key: 'slow' })
    const { promise: gate, resolve: open } = Promise.withResolvers<void>()
    const { promise: started, resolve: start } = Promise.withResolvers<void>()
    const slow = runOutbox(
      deps,
      {
        test: async (payload, message) => {
          start()
          await gate
          await end(payload, message)
        },
      },
      log,
    )
    await started
    pass(minute_ms)
    // It is claimed again, asks for later, and so has as few attempts as the one that is still running.
    const later = toTimestamp(new Date(now_ms + minute_ms))
    await run(async () => {
      throw new TryLater(later)
    })
    open()
    await slow
    const { attempts, run_at, last_error } = await rowOf(deps, 'slow')
    assert.deepEqual([attempts, run_at, last_error], [1, later, null])
    await clear()
  })
}
