import assert from 'node:assert/strict'
import { test } from 'node:test'
import { holderNames } from './booking.ts'

for (const [name, quantity, given, expected] of [
  ['names every holder', 2, ['Ani', 'Budi'], ['Ani', 'Budi']],
  ['numbers them when none is given', 2, undefined, ['Ticket 1', 'Ticket 2']],
  ['numbers them when the list is empty', 1, [], ['Ticket 1']],
  ['numbers them when the list is null', 1, null, ['Ticket 1']],
] as const) {
  test(`holderNames ${name}`, () => assert.deepEqual(holderNames(quantity, given), expected))
}

for (const given of [['Ani'], ['Ani', 'Budi', 'Citra']]) {
  test(`holderNames refuses ${given.length} for 2`, () => {
    assert.throws(() => holderNames(2, given), { code: 'holder_names_mismatch' })
  })
}
