import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { feeGivenBack, feeOf } from './fee.ts'

for (const [amount, basis_points, fee] of [
  [500_000, 250, 12_500],
  [999, 250, 24],
  [1, 5_000, 0],
  [3, 5_000, 1],
  [500_000, 0, 0],
  // The product is beyond what a number holds exactly.
  [Number.MAX_SAFE_INTEGER, 4_999, 4_502_698_907_445_021],
] as const) {
  test(`the fee of ${amount} at ${basis_points} basis points is ${fee}`, () => {
    assert.equal(feeOf(amount, basis_points), fee)
  })
}

const amounts = fc.maxSafeNat()
const points = fc.integer({ min: 0, max: 5_000 })

test('a fee is the largest whole unit that is not above its share', () => {
  fc.assert(
    fc.property(amounts, points, (amount, basis_points) => {
      const fee = BigInt(feeOf(amount, basis_points)) * 10_000n
      const share = BigInt(amount) * BigInt(basis_points)
      assert.ok(fee <= share && share < fee + 10_000n)
    }),
  )
})

test('what is given back of a fee grows with what is refunded, never by more than that, up to all of it', () => {
  const charges = fc.tuple(fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), points)
  fc.assert(
    fc.property(charges, amounts, amounts, ([amount, basis_points], one, other) => {
      const charge = { amount, fee: feeOf(amount, basis_points) }
      const [less, more] = [one % (amount + 1), other % (amount + 1)].toSorted((a, b) => a - b) as [number, number]
      const step = feeGivenBack(charge, more) - feeGivenBack(charge, less)
      assert.ok(step >= 0 && step <= more - less, `${step} of ${more - less}`)
      assert.deepEqual([feeGivenBack(charge, 0), feeGivenBack(charge, amount)], [0, charge.fee])
    }),
  )
})
