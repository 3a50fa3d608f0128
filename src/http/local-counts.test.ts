import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { localCounts } from './local-counts.ts'

const limit = { requests: 10, window_s: 60 }

function counting(keys_max: number) {
  let time = 0
  const count = localCounts(keys_max, () => time)('some', limit)
  return {
    ask(key: string): [used: number, left_ms: number] {
      let told: [number, number] | undefined
      count(key, (...answer) => (told = answer))
      return told!
    },
    wait: (ms: number) => (time += ms),
  }
}

test('a key is counted from its first request to the end of its window, whenever that began', () => {
  const { ask, wait } = counting(100)
  wait(40_000)
  assert.deepEqual(ask('a'), [1, 60_000])
  wait(20_000)
  assert.deepEqual(ask('b'), [1, 60_000])
  assert.deepEqual(ask('a'), [2, 40_000])
  wait(39_999)
  assert.deepEqual(ask('a'), [3, 1])
  wait(1)
  assert.deepEqual(ask('a'), [1, 60_000])
  assert.deepEqual(ask('b'), [2, 20_000])
  wait(1_000_000)
  assert.deepEqual(ask('b'), [1, 60_000])
})

test('in a flood of keys, who keeps asking stays counted, and who came once is forgotten', () => {
  const { ask } = counting(100)
  ask('once')
  for (let i = 1; i <= 1_000; i++) {
    assert.equal(ask('often')[0], i)
    ask(`flood ${i}`)
  }
  assert.equal(ask('once')[0], 1)
})

test('a flood of keys takes no memory beyond the bound', () => {
  setFlagsFromString('--expose-gc')
  const gc = runInNewContext('gc') as () => void
  const count = localCounts(1_000)('some', limit)
  for (let i = 0; i < 10_000; i++) count(`key ${i}`, () => {})
  gc()
  const before = process.memoryUsage().heapUsed
  for (let i = 0; i < 300_000; i++) count(`other key ${i}`, () => {})
  gc()
  assert.ok(process.memoryUsage().heapUsed - before < 2_000_000)
})
