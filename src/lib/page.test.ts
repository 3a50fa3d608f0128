import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pageMarks } from './page.ts'

const rows = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => ({ id: from + index }))

test('the first page begins at the beginning', () => {
  assert.deepEqual(pageMarks().startOf({ page: 1, limit: 50 }), { after: 0, skip: 0 })
})

test('a page that nobody has come to is found by skipping', () => {
  assert.deepEqual(pageMarks().startOf({ page: 4, limit: 10 }), { after: 0, skip: 30 })
})

test('a page behind one that was read begins behind its last row', () => {
  const marks = pageMarks()
  marks.note({ page: 3, limit: 10 }, rows(201, 211))
  assert.deepEqual(marks.startOf({ page: 3, limit: 10 }), { after: 200, skip: 0 })
  assert.deepEqual(marks.startOf({ page: 4, limit: 10 }), { after: 210, skip: 0 })
  assert.deepEqual(marks.startOf({ page: 4, limit: 20 }), { after: 0, skip: 60 }, 'another limit, other pages')
})

test('the last page leaves no mark', () => {
  const marks = pageMarks()
  marks.note({ page: 1, limit: 10 }, rows(1, 10))
  assert.deepEqual(marks.startOf({ page: 2, limit: 10 }), { after: 0, skip: 10 })
})

test('one who jumps to a page leaves a mark there, too', () => {
  const marks = pageMarks()
  marks.note({ page: 7, limit: 10 }, rows(81, 85))
  assert.deepEqual(marks.startOf({ page: 7, limit: 10 }), { after: 80, skip: 0 })
})

test('marks are bounded', () => {
  const marks = pageMarks()
  for (let page = 1; page <= 12_000; page++) marks.note({ page, limit: 1 }, rows(page, page + 1))
  assert.deepEqual(marks.startOf({ page: 2, limit: 1 }), { after: 0, skip: 1 })
  assert.deepEqual(marks.startOf({ page: 12_001, limit: 1 }), { after: 12_000, skip: 0 })
})
