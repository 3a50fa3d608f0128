import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Type } from 'typebox'
import type { DomainError } from '../lib/errors.ts'
import { Strict } from './schemas.ts'
import { validatorCompilerV2 } from './validation.ts'

const schema = Strict({ names: Type.Array(Type.String(), { maxItems: 10 }), title: Type.String() })
const validate = validatorCompilerV2({ schema: schema as never, httpPart: 'body', method: 'POST', url: '/' })
const fieldsOf = (body: unknown) =>
  (validate(body) as { error: DomainError }).error.fields!.map(({ pointer }) => pointer)

test('every field that is wrong is named', () => {
  assert.deepEqual(fieldsOf({ names: [1, 'a', 2], other: 1 }), ['/title', '/other', '/names/0', '/names/2'])
})

for (const [what, body] of [
  ['a list of a million entries', { names: Array.from({ length: 1_000_000 }, () => 1), title: 1 }],
  ['100,000 unknown fields', Object.fromEntries(Array.from({ length: 100_000 }, (_, index) => [`f${index}`, 1]))],
  ['a text of a million characters', { names: 1, title: 1, other: 'x'.repeat(1_000_000) }],
] as const) {
  test(`${what} is refused by its first error`, () => {
    assert.equal(fieldsOf(body).length, 1)
  })
}

const query = validatorCompilerV2({
  schema: Strict({
    q: Type.Optional(Type.String({ minLength: 1, pattern: '\\S' })),
    sort: Type.Optional(Type.Unsafe({ type: 'string', enum: ['id'] })),
    limit: Type.Optional(Type.Integer()),
  }) as never,
  httpPart: 'querystring',
  method: 'GET',
  url: '/',
})
for (const [name, input, detail] of [
  ['empty', { q: '' }, 'q must not be empty'],
  ['blank', { q: ' ' }, 'q must not be empty'],
  ['named twice', { sort: ['id', 'id'] }, 'sort came more than once: name it once'],
  ['an integer, and named twice', { limit: ['1', '1'] }, 'limit came more than once: name it once'],
  ['unknown', { lmit: '1' }, 'lmit is not known here'],
] as const) {
  test(`a parameter that is ${name} is told so`, () => {
    const { error } = query(input) as { error: DomainError }
    assert.deepEqual(
      error.fields?.map((field) => field.detail),
      [detail],
    )
  })
}

test('what is there twice and may not be is told so', () => {
  const unique = validatorCompilerV2({
    schema: Strict({ scopes: Type.Array(Type.String(), { uniqueItems: true }) }) as never,
    httpPart: 'body',
    method: 'POST',
    url: '/',
  })
  assert.match(
    (unique({ scopes: ['a', 'a'] }) as { error: DomainError }).error.message,
    /^scopes must have each only once$/,
  )
})
