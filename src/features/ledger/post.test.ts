import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import * as fc from 'fast-check'
import { openTestDatabase } from '../../../test/support/database.ts'
import { testDeps } from '../../../test/support/deps.ts'
import { factories } from '../../../test/support/factories.ts'
import type { Tx } from '../../db/database.ts'
import { inTransaction } from '../../db/transaction.ts'
import { listBalances } from './ledger.sql.ts'
import {
  post,
  postCharge,
  postRefundByHand,
  postRefundDone,
  postRefundReturned,
  postRefundDue,
  postUnwanted,
} from './post.ts'

const { database, drop } = await openTestDatabase()
after(drop)
const { aBooking } = factories(testDeps(database))
const booking = await aBooking()
const organizer = `organizer:${booking.organizer_id}`
const at = '2030-01-01 00:00:00.000'
const currency = 'IDR'

/** Posts in a transaction that is never kept, so that no test sees another's entries. */
async function posting(work: (tx: Tx) => Promise<void>): Promise<void> {
  const undo = new Error('undone')
  const done = inTransaction(database, async (tx) => {
    await work(tx)
    throw undo
  })
  await assert.rejects(done, (error) => {
    if (error !== undo) throw error
    return true
  })
}

let keys = 0
async function aPayment(tx: Tx, amount: number) {
  const provider = 'sandbox' as const
  const { insertId } = await tx
    .insertInto('payment')
    .values({
      booking_id: booking.id,
      provider,
      attempt_key: `attempt ${++keys}`,
      amount,
      currency,
      status: 'paid',
      created_at: at,
      updated_at: at,
    })
    .executeTakeFirstOrThrow()
  return { id: Number(insertId), provider, amount, currency }
}

async function aRefund(tx: Tx, payment_id: number, amount: number) {
  const { insertId } = await tx
    .insertInto('refund')
    .values({
      payment_id,
      booking_id: booking.id,
      organizer_id: booking.organizer_id,
      refund_key: `refund ${++keys}`,
      amount,
      currency,
      status: 'due',
      reason: 'cancelled',
      created_at: at,
      updated_at: at,
    })
    .executeTakeFirstOrThrow()
  return { id: Number(insertId), payment_id, amount, currency }
}

/** What each account has, where it is not nothing. */
async function sums(tx: Tx): Promise<Record<string, number>> {
  const accounts = [organizer, 'fees', 'customers', 'provider:sandbox']
  const balances = await Promise.all(accounts.map((account) => listBalances(tx, account)))
  return Object.fromEntries(
    accounts.map((account, index) => [account, balances[index]![0]?.amount ?? 0]).filter(([, amount]) => amount !== 0),
  )
}

test('a charge is the organizer’s but for the fee; a refund takes from both, and goes out by the provider', () =>
  posting(async (tx) => {
    const payment = await aPayment(tx, 500_000)
    await postCharge(tx, { payment, booking, fee_basis_points: 250, at })
    assert.deepEqual(await sums(tx), { 'provider:sandbox': 500_000, [organizer]: -487_500, fees: -12_500 })
    const refund = await aRefund(tx, payment.id, 100_000)
    await postRefundDue(tx, { refund, booking, at })
    const due = { 'provider:sandbox': 500_000, [organizer]: -390_000, fees: -10_000, customers: -100_000 }
    assert.deepEqual(await sums(tx), due)
    await postRefundDone(tx, { refund, provider: 'sandbox', booking, at })
    assert.deepEqual(await sums(tx), { 'provider:sandbox': 400_000, [organizer]: -390_000, fees: -10_000 })
    const entries = await tx.selectFrom('ledger_entry').select(['cause', 'event_id', 'booking_id']).execute()
    assert.deepEqual(new Set(entries.map(({ cause }) => cause)).size, 3)
    for (const entry of entries) {
      assert.deepEqual([entry.event_id, entry.booking_id], [booking.event_id, booking.id])
    }
  }))

test('a payment that nobody wanted is on its way back at once, and no fee is taken', () =>
  posting(async (tx) => {
    const payment = await aPayment(tx, 70)
    await postUnwanted(tx, { payment, booking, at })
    assert.deepEqual(await sums(tx), { 'provider:sandbox': 70, customers: -70 })
    await postRefundDone(tx, { refund: await aRefund(tx, payment.id, 70), provider: 'sandbox', booking, at })
    assert.deepEqual(await sums(tx), {})
  }))

test('a refund comes back from whom the provider has paid, once, and never what a person has paid', () =>
  posting(async (tx) => {
    const payment = await aPayment(tx, 70)
    await postUnwanted(tx, { payment, booking, at })
    const done = { refund: await aRefund(tx, payment.id, 70), provider: 'sandbox', booking, at } as const
    assert.equal(await postRefundReturned(tx, done), false)
    await postRefundDone(tx, done)
    assert.equal(await postRefundReturned(tx, done), true)
    assert.deepEqual(await sums(tx), { 'provider:sandbox': 70, customers: -70 })
    assert.equal(await postRefundReturned(tx, done), false)
    await postRefundByHand(tx, done)
    assert.equal(await postRefundReturned(tx, done), false)
    assert.deepEqual(await sums(tx), {})
  }))

test('without a fee nothing is written for it', () =>
  posting(async (tx) => {
    await postCharge(tx, { payment: await aPayment(tx, 500), booking, fee_basis_points: 0, at })
    const entries = await tx.selectFrom('ledger_entry').select('account').execute()
    assert.deepEqual(entries.map(({ account }) => account).toSorted(), [organizer, 'provider:sandbox'])
  }))

test('refunds of all that was charged give back all of it and the whole fee, in whatever parts they come', async () => {
  const charge = fc.record({
    amount: fc.oneof(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER })),
    fee_basis_points: fc.integer({ min: 0, max: 5_000 }),
    // Where the amount is cut, as shares of it.
    cuts: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 6 }),
  })
  const property = fc.asyncProperty(charge, ({ amount, fee_basis_points, cuts }) =>
    posting(async (tx) => {
      const payment = await aPayment(tx, amount)
      await postCharge(tx, { payment, booking, fee_basis_points, at })
      const ends = [...new Set([...cuts.map((cut) => Math.floor(cut * amount)), amount])].toSorted((a, b) => a - b)
      const parts = ends.map((end, index) => end - (ends[index - 1] ?? 0)).filter((part) => part > 0)
      let given = 0
      for (const part of parts) {
        await postRefundDue(tx, { refund: await aRefund(tx, payment.id, part), booking, at })
        given += part
        const { fees = 0, customers, [organizer]: share = 0 } = await sums(tx)
        assert.equal(customers, -given)
        assert.ok(fees <= 0 && share <= 0, 'nobody gives back more than they had')
      }
      assert.deepEqual(await sums(tx), { 'provider:sandbox': amount, customers: -amount })
    }),
  )
  await fc.assert(property, { numRuns: 60 })
})

test('refunds of one payment are not counted for another', () =>
  posting(async (tx) => {
    const [one, other] = [await aPayment(tx, 3), await aPayment(tx, 3)]
    for (const payment of [one, other]) await postCharge(tx, { payment, booking, fee_basis_points: 5_000, at })
    await postRefundDue(tx, { refund: await aRefund(tx, one.id, 3), booking, at })
    await postRefundDue(tx, { refund: await aRefund(tx, other.id, 3), booking, at })
    assert.deepEqual(await sums(tx), { 'provider:sandbox': 6, customers: -6 })
  }))

const refused: [name: string, message: RegExp, work: (tx: Tx) => Promise<void>][] = [
  [
    'entries that leave a rest',
    /the entries of x leave 1/,
    (tx) =>
      post(tx, {
        cause: 'x',
        currency,
        event_id: 1,
        booking_id: 1,
        at,
        entries: [
          { account: 'fees', amount: 2 },
          { account: 'customers', amount: -1 },
        ],
      }),
  ],
  [
    'a refund of a payment that was not charged',
    /was not charged/,
    async (tx) => {
      const payment = await aPayment(tx, 10)
      await postUnwanted(tx, { payment, booking, at })
      await postRefundDue(tx, { refund: await aRefund(tx, payment.id, 10), booking, at })
    },
  ],
  [
    'refunds of more than was charged',
    /gives back more than was charged/,
    async (tx) => {
      const payment = await aPayment(tx, 10)
      await postCharge(tx, { payment, booking, fee_basis_points: 1_000, at })
      await postRefundDue(tx, { refund: await aRefund(tx, payment.id, 6), booking, at })
      await postRefundDue(tx, { refund: await aRefund(tx, payment.id, 5), booking, at })
    },
  ],
]
for (const [name, message, work] of refused) {
  test(`${name}: refused`, () => assert.rejects(inTransaction(database, work), message))
}

test('a cause is posted once: the index refuses it the second time', async () => {
  const twice = inTransaction(database, async (tx) => {
    const payment = await aPayment(tx, 10)
    await postCharge(tx, { payment, booking, fee_basis_points: 0, at })
    await postUnwanted(tx, { payment, booking, at })
  })
  await assert.rejects(twice, (error) => database.dialect.meaningOf(error) === 'duplicate')
  assert.equal((await database.db.selectFrom('ledger_entry').select('id').execute()).length, 0)
})
