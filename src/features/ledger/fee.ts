/** 10000 basis points are the whole: 2.5 % are 250. */
const whole = 10_000n

/**
 * The platform's part of a payment, in the same minor units: so many basis points of it, rounded down to a whole unit.
 * By way of BigInt, since the product may be more than a number holds exactly.
 */
export function feeOf(amount: number, basis_points: number): number {
  return Number((BigInt(amount) * BigInt(basis_points)) / whole)
}

/**
 * Of a charge of which so much has gone back, in all: the part of that which the platform gives back of its fee. This
 * is the one place that rounds refunds, down to a whole unit; each refund gives back what is missing to this sum, so that
 * all of them together give back the whole fee and no unit more, in whatever parts they come.
 */
export function feeGivenBack(charge: { amount: number; fee: number }, refunded: number): number {
  return Number((BigInt(charge.fee) * BigInt(refunded)) / BigInt(charge.amount))
}
