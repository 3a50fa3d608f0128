import assert from 'node:assert/strict'
import { test } from 'node:test'
import { missedIds } from './missed-ids.ts'

function clocked() {
  let now_ms = 0
  return { missed: missedIds(() => now_ms), later: (ms: number) => (now_ms += ms) }
}

test('ids that were jumped over are awaited until they come', () => {
  const { missed } = clocked()
  missed.pass(10, 11)
  assert.deepEqual(missed.list(), [])
  missed.pass(11, 15)
  assert.deepEqual(missed.list(), [12, 13, 14])
  missed.pass(15, 13)
  assert.deepEqual(missed.list(), [12, 14])
})

test('they are awaited for longer than any transaction lasts, and then no more', () => {
  const { missed, later } = clocked()
  missed.pass(1, 3)
  later(45_000)
  assert.deepEqual(missed.list(), [2])
  missed.pass(3, 5)
  later(20_000)
  assert.deepEqual(missed.list(), [4])
  later(60_000)
  assert.deepEqual(missed.list(), [])
})

test('however far ids jump, a bounded number is awaited: the last ones', () => {
  const { missed } = clocked()
  missed.pass(0, 5_000_000)
  assert.equal(missed.list().length, 1_000)
  missed.pass(5_000_000, 5_000_011)
  const awaited = missed.list()
  assert.equal(awaited.length, 1_000)
  assert.equal(awaited.at(-1), 5_000_010)
})
