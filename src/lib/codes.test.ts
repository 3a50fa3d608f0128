import assert from 'node:assert/strict'
import { test } from 'node:test'
import { codeAlphabet, newTicketCode } from './codes.ts'

test('a code is 8 characters of the alphabet, and every letter comes up', () => {
  const codes = Array.from({ length: 5_000 }, newTicketCode)
  for (const code of codes) assert.match(code, /^[0-9A-HJKMNP-TV-Z]{8}$/)
  assert.deepEqual([...new Set(codes.join(''))].toSorted().join(''), codeAlphabet)
  assert.equal(new Set(codes).size, codes.length)
})
