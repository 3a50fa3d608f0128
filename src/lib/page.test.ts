import assert from 'node:assert/strict'
import { test } from 'node:test'
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
