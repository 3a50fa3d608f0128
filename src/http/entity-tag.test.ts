import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { matchingVersion, shapeOf, tagOf } from './entity-tag.ts'

const shape = shapeOf(Type.Object({ id: Type.Integer() }))
const row = { version: 7, updated_at: '2025-01-15 10:30:00.123' }

test('whatever makes another answer makes another tag', () => {
  const tags = [
    tagOf(row, shape),
    tagOf({ ...row, version: 8 }, shape),
    tagOf({ ...row, updated_at: '2025-01-15 10:30:00.124' }, shape),
    tagOf(row, shapeOf(Type.Object({ id: Type.Integer(), title: Type.String() }))),
    tagOf(row, shape, 5),
    tagOf(row, shape, 5, 1),
  ]
  assert.equal(new Set(tags).size, tags.length, tags.join())
  assert.equal(tagOf({ ...row }, shapeOf(Type.Object({ id: Type.Integer() }))), tags[0])
})

test('a change is held against the version alone, by tags of today and of earlier servers', () => {
  const check = (tag: string) => () => matchingVersion({ headers: { 'if-match': tag } } as FastifyRequest)(row)
  for (const tag of [tagOf(row, shape), tagOf(row, shape, 5, 1), '"7"', '"7.5.0"', `"6", ${tagOf(row, shape)}`, '*']) {
    assert.doesNotThrow(check(tag), tag)
  }
  for (const tag of [tagOf({ ...row, version: 6 }, shape), '"6.5.0"', '"77"']) assert.throws(check(tag), tag)
  // What a server took before there was more in a tag than versions, seats and the language.
  assert.match(tagOf(row, shape, 5, 1), /^"(\d+)(?:\.\d+)*"$/)
})
