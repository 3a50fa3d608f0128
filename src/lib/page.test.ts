import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { pageMarks } from './page.ts'

test('a page begins where somebody left a mark for it', () => {
  const marks = pageMarks()
  assert.equal(marks.find('events', { page: 2, limit: 50 }), undefined)
  marks.leave('events', { page: 2, limit: 50 }, [50])
  assert.deepEqual(marks.find('events', { page: 2, limit: 50 }), [50])
})

test('a mark is for one list and one length of page', () => {
  const marks = pageMarks()
  marks.leave('events', { page: 2, limit: 50 }, [50])
  assert.equal(marks.find('events', { page: 2, limit: 10 }), undefined)
  assert.equal(marks.find('events of 7', { page: 2, limit: 50 }), undefined)
})

test('marks are bounded: the oldest goes first', () => {
  const marks = pageMarks()
  for (let page = 1; page <= 10_001; page++) marks.leave('events', { page, limit: 1 }, [page])
  assert.equal(marks.find('events', { page: 1, limit: 1 }), undefined)
  assert.deepEqual(marks.find('events', { page: 10_001, limit: 1 }), [10_001])
})

test('a mark is soon forgotten, however often it is found', () => {
  let at = 0
  const marks = pageMarks(() => at)
  marks.leave('events', { page: 2, limit: 50 }, [50])
  for (; at <= 3_000; at += 500) assert.deepEqual(marks.find('events', { page: 2, limit: 50 }), [50])
  assert.equal(marks.find('events', { page: 2, limit: 50 }), undefined)
  marks.leave('events', { page: 2, limit: 50 }, [51])
  assert.deepEqual(marks.find('events', { page: 2, limit: 50 }), [51])
})

test('a mark that took long to find is kept for longer', () => {
  let at = 0
  const marks = pageMarks(() => at)
  marks.leave('events', { page: 20_000, limit: 50 }, [1_000_000], 500)
  at = 50_000
  assert.deepEqual(marks.find('events', { page: 20_000, limit: 50 }), [1_000_000])
  at = 50_001
  assert.equal(marks.find('events', { page: 20_000, limit: 50 }), undefined)
})

test('marks are small, however long the filters of their lists', () => {
  setFlagsFromString('--expose-gc')
  const gc = runInNewContext('gc') as () => void
  gc()
  const before = process.memoryUsage().heapUsed
  const marks = pageMarks()
  const list = (number: number) =>
    `tickets ${JSON.stringify(Array.from({ length: 2_000 }, (_, index) => index + number))}`
  for (let i = 0; i < 2_000; i++) marks.leave(list(i), { page: 2, limit: 1 }, [i])
  gc()
  assert.deepEqual(marks.find(list(7), { page: 2, limit: 1 }), [7])
  assert.ok(process.memoryUsage().heapUsed - before < 3_000_000)
})
