import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatMoney, isCurrency, minorDigits } from './money.ts'

for (const [amount, currency, language, text] of [
  [500_000, 'IDR', 'id', 'Rp 500.000'],
  [500_000, 'IDR', 'en', 'IDR 500,000'],
  [1_250, 'USD', 'en', '$12.50'],
  [1_250, 'USD', 'id', 'US$12,50'],
  [1_250, 'JPY', 'en', '¥1,250'],
  [1_250, 'KWD', 'en', 'KWD 1.250'],
  [0, 'IDR', 'id', 'Rp 0'],
  [9_007_199_254_740_991, 'IDR', 'id', 'Rp 9.007.199.254.740.991'],
] as const) {
  test(`${amount} ${currency} in ${language} is ${text}`, () => {
    assert.equal(formatMoney(amount, currency, language).replace(/\s/g, ' '), text)
  })
}

test('a currency has the digits of ISO 4217, and the rupiah none', () => {
  assert.deepEqual(['IDR', 'JPY', 'USD', 'KWD'].map(minorDigits), [0, 0, 2, 3])
})

test('what is no currency is known as such', () => {
  assert.deepEqual(['IDR', 'XYZ', 'idr', ''].map(isCurrency), [true, false, false, false])
})
