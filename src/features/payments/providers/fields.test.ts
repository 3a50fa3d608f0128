import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventKey, fromDecimal, toDecimal } from './fields.ts'

for (const [value, currency, amount] of [
  ['24145.00', 'IDR', 24_145],
  ['24145', 'IDR', 24_145],
  [24_145, 'IDR', 24_145],
  ['24145.50', 'IDR', undefined],
  [24_145.5, 'IDR', undefined],
  ['12.5', 'USD', 1_250],
  [12.34, 'USD', 1_234],
  [0.29, 'USD', 29],
  [1.005, 'USD', undefined],
  [1.005, 'KWD', 1_005],
  ['-1', 'IDR', undefined],
  ['1e5', 'IDR', undefined],
  ['', 'IDR', undefined],
  ['24,145.00', 'IDR', undefined],
  [NaN, 'IDR', undefined],
  [1e21, 'IDR', undefined],
  [['1'], 'IDR', undefined],
  ['99999999999999999', 'IDR', undefined],
  ['999999999999999', 'USD', undefined],
] as const) {
  test(`${JSON.stringify(value)} ${currency} is ${amount}`, () => assert.equal(fromDecimal(value, currency), amount))
}

test('an amount comes back as it went out, in the digits of JSON', () => {
  for (const currency of ['IDR', 'USD', 'KWD']) {
    for (const amount of [1, 29, 57, 1_005, 123_456_789, 999_999_999_999, 1_000_000_000_000]) {
      const sent = JSON.parse(JSON.stringify(toDecimal(amount, currency))) as number
      assert.equal(fromDecimal(sent, currency), amount)
    }
  }
})

test('the name of a notice fits its column, whatever comes', () => {
  assert.equal(eventKey('a', undefined, 'b'), 'a//b')
  for (const odd of ['x'.repeat(300), 'ä', 'with space', '\0']) assert.match(eventKey(odd, 'b'), /^[0-9a-f]{64}$/)
})
