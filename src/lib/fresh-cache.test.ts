import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import * as fc from 'fast-check'
import { DomainError } from './errors.ts'
import { freshCache, type FreshCacheLimits, type SharedStore } from './fresh-cache.ts'

const limits: FreshCacheLimits = { entries_max: 100, bytes_max: 100_000, life_ms: 1_000, waiting_max: 50 }
type Value = { version: number }

/** A cache before a database of one number, whose readings end when they are told to. */
function world(given: Partial<FreshCacheLimits> = {}, store?: SharedStore<Value>) {
  // A clock that begins at 0 looks to the library like one that was never read.
  const state = { now: 1_000_000, version: 0, reads: 0 }
  const underWay: { began: number; end: (error?: Error) => void }[] = []
  const cache = freshCache<Value>(
    { ...limits, ...given },
    () => 100,
    store,
    () => state.now,
  )
  const read = () => {
    // What a reading sees is what was committed when it began.
    const { version } = state
    state.reads++
    return new Promise<Value>((resolve, reject) => {
      underWay.push({ began: state.now, end: (error) => (error ? reject(error) : resolve({ version })) })
    })
  }
  return {
    state,
    cache,
    underWay,
    ask: (name = 'a', tag = 'tag') => Promise.resolve(cache.get(tag, name, read)),
    async endOne(error?: Error) {
      underWay.shift()?.end(error)
      await turn()
    },
  }
}

test('one reading is enough, however many ask while it is under way and for a second after it began', async () => {
  const { state, cache, ask, endOne } = world()
  const asked = Array.from({ length: 20 }, () => ask())
  await turn()
  await endOne()
  assert.deepEqual(new Set(await Promise.all(asked)).size, 1)
  state.now += 1_000
  await ask()
  assert.equal(state.reads, 1)
  assert.deepEqual(cache.counts(), { hits: 1, joined: 19, shared: 0, reads: 1, entries: 1, bytes: 102, waiting: 0 })
  state.now += 1
  void ask()
  await turn()
  assert.equal(state.reads, 2)
})

test('its age counts from where a reading began, so a slow one is kept for a shorter time or not at all', async () => {
  const { state, ask, endOne } = world()
  const slow = ask()
  await turn()
  state.now += 1_500
  await endOne()
  await slow
  void ask()
  await turn()
  assert.equal(state.reads, 2)
})

test('what began before a commit is given to nobody who asks after it; the next begins when it has ended', async () => {
  const { state, cache, ask, underWay, endOne } = world()
  const before = ask()
  await turn()
  state.version = 1
  cache.drop(['tag'])
  const after = [ask(), ask()]
  await turn()
  assert.equal(underWay.length, 1)
  await endOne()
  assert.deepEqual(await before, { version: 0 })
  assert.equal(underWay.length, 1)
  await endOne()
  assert.deepEqual(await Promise.all(after), [{ version: 1 }, { version: 1 }])
  assert.deepEqual(await ask(), { version: 1 })
  assert.equal(state.reads, 2)
})

test('a reading that fails is told to all who wait for it, and not kept', async () => {
  const { state, ask, endOne } = world()
  const asked = Promise.allSettled([ask(), ask()])
  await turn()
  await endOne(new DomainError('event_not_found'))
  for (const { status } of await asked) assert.equal(status, 'rejected')
  void ask()
  await turn()
  assert.equal(state.reads, 2)
})

test('what is kept and who waits is bounded', async () => {
  const few = world({ entries_max: 10, bytes_max: 750 })
  for (let n = 0; n < 30; n++) {
    const asked = few.ask(`name ${n}`, `tag ${n}`)
    await turn()
    await few.endOne()
    await asked
  }
  const { entries, bytes } = few.cache.counts()
  assert.ok(entries < 7 && bytes <= 750, `${entries} entries of ${bytes} bytes`)

  const crowded = world({ waiting_max: 3 })
  const waiting = [crowded.ask(), crowded.ask(), crowded.ask('b')]
  await assert.rejects(crowded.ask('c'), (error: DomainError) => error.code === 'server_busy')
  await turn()
  await crowded.endOne()
  await crowded.endOne()
  await Promise.all(waiting)
  assert.equal(crowded.cache.counts().waiting, 0)
})

test('what another server left is taken with its age, and what is read is left unless a commit came in between', async () => {
  const left: [Value, number][] = []
  let found: { value: Value; age_ms: number } | undefined = { value: { version: 7 }, age_ms: 900 }
  const dropped: string[] = []
  const { state, cache, ask, endOne } = world(
    {},
    {
      find: async () => ({ found, keep: (value, age_ms) => void left.push([value, age_ms]) }),
      drop: (tags) => void dropped.push(...tags),
    },
  )
  assert.deepEqual([await ask(), state.reads], [{ version: 7 }, 0])
  state.now += 100
  assert.deepEqual([await ask(), cache.counts().hits], [{ version: 7 }, 1])
  state.now += 1
  found = undefined
  const asked = ask()
  await turn()
  state.now += 20
  await endOne()
  assert.deepEqual([await asked, left], [{ version: 0 }, [[{ version: 0 }, 20]]])

  cache.dropHere(['tag'])
  assert.deepEqual(dropped, [])
  void ask()
  await turn()
  cache.drop(['tag'])
  await endOne()
  assert.deepEqual([dropped, left.length], [['tag'], 1])
})

type Step = { step: 'ask' | 'commit' | 'elsewhere' | 'end' | 'wait'; name: 'a' | 'b' | 'c'; ms: number }
const steps = fc.array(
  fc.record<Step>({
    step: fc.constantFrom('ask', 'ask', 'ask', 'commit', 'elsewhere', 'end', 'wait'),
    name: fc.constantFrom('a', 'a', 'b', 'c'),
    ms: fc.integer({ min: 1, max: 1_500 }),
  }),
  { maxLength: 40, size: 'max' },
)

test('in whatever order: never from before a commit, never older than a second, one reading at a time', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (given) => {
      const { state, cache, underWay, ask, endOne } = world()
      /** Of each version, when it was committed. */
      const committed = [state.now]
      let own = 0
      const asked: [Promise<Value>, check: (value: Value) => void][] = []
      const commit = () => {
        state.version++
        committed.push(state.now)
      }
      for (const { step, name, ms } of given) {
        if (step === 'ask') {
          const [asked_at, atLeast] = [state.now, own]
          const check = ({ version }: Value) => {
            assert.ok(version >= atLeast, `asked after ${atLeast}, given ${version}`)
            const outdated_at = committed[version + 1] ?? Infinity
            assert.ok(
              outdated_at >= asked_at - limits.life_ms,
              `given what was outdated ${asked_at - outdated_at} ms ago`,
            )
          }
          asked.push([ask(name), check])
        } else if (step === 'commit') {
          commit()
          own = state.version
          cache.drop(['tag'])
        } else if (step === 'elsewhere') commit()
        else if (step === 'end') await endOne()
        else state.now += ms
        await turn()
        assert.ok(underWay.length <= 3, 'more than one reading of a name')
      }
      while (underWay.length > 0) await endOne()
      for (const [answer, check] of asked) check(await answer)
    }),
    { numRuns: 300 },
  )
})
