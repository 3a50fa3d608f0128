import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { DomainError } from '../lib/errors.ts'
import { turnLine } from './list-line.ts'

const refusal = (error: unknown) =>
  error instanceof DomainError && error.code === 'server_busy' && error.retry_after_s === 2

const work = (ms: number) => {
  for (const since_ms = performance.now(); performance.now() - since_ms < ms;);
}

test('one after the other, each in a turn of its own, whether it fails or not', async () => {
  const line = turnLine({ length_max: 10, wait_ms_max: 1_000 })
  let turn = 0
  const counter = (async () => {
    for (; turn < 20; turn++) await nextTurn()
  })()
  const turns: number[] = []
  const all = [1, 2, 3, 4].map((n) =>
    line(async () => {
      turns.push(turn)
      work(1.5)
      if (n === 2) throw new Error('no such table')
      return n
    }).catch((error: Error) => error.message),
  )
  assert.deepEqual(await Promise.all(all), [1, 'no such table', 3, 4])
  assert.deepEqual([new Set(turns).size, turns], [4, turns.toSorted((a, b) => a - b)])
  await counter
})

test('short ones share a turn until they add up to a millisecond', async () => {
  const line = turnLine({ length_max: 10_000, wait_ms_max: 1_000 })
  let turn = 0
  const counter = (async () => {
    for (; turn < 2_000; turn++) await nextTurn()
  })()
  const seen = new Set<number>()
  await Promise.all(
    Array.from({ length: 1_000 }, () =>
      line(async () => {
        seen.add(turn)
        work(0.02)
      }),
    ),
  )
  // Some 20 ms of work.
  assert.ok(seen.size > 5 && seen.size < 100, `${seen.size} turns`)
  await counter
})

test('after one that took long, others have more than one turn', async () => {
  const line = turnLine({ length_max: 10, wait_ms_max: 1_000 })
  let [turns, isOver] = [0, false]
  const takeTurns = () => {
    turns++
    if (!isOver) setImmediate(takeTurns)
  }
  setImmediate(takeTurns)
  const long = line(async () => {
    turns = 0
    work(50)
  })
  const between = await line(async () => turns)
  isOver = true
  await long
  assert.ok(between > 2, `${between} turns`)
})

test('beyond its length the next is refused at once, and there is room again when one has ended', async () => {
  const line = turnLine({ length_max: 2, wait_ms_max: 1_000 })
  const first = line(async () => 1)
  const second = line(async () => 2)
  await assert.rejects(
    line(async () => assert.fail('it does not run')),
    refusal,
  )
  assert.deepEqual([await first, await second, await line(async () => 3)], [1, 2, 3])
})

test('whose turn comes too late is refused without it', async () => {
  const line = turnLine({ length_max: 10, wait_ms_max: 20 })
  const first = line(async () => {
    work(21)
    return 'took long'
  })
  const late = [1, 2, 3].map((n) => line(async () => assert.fail(`${n} does not run`)))
  for (const one of late) await assert.rejects(one, refusal)
  assert.deepEqual([await first, await line(async () => 'free again')], ['took long', 'free again'])
})
