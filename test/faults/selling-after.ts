import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Database } from '../../src/db/database.ts'
import { inTransaction } from '../../src/db/transaction.ts'
import { toTimestamp } from '../../src/lib/time.ts'
import { eventually } from '../support/outbox.ts'

/** As if all who book had waited too long. */
export async function endHolds(database: Database): Promise<void> {
  const past = toTimestamp(new Date(0))
  await inTransaction(database, (tx) =>
    tx.updateTable('hold').set({ expires_at: past }).where('expires_at', 'is not', null).execute(),
  )
}

/**
 * Waits until nothing is under way. It is hurried now and then: leases of the dead end, and so do holds that nobody pays
 * for. Not all the time, or no living worker would keep a lease until it has done its work.
 */
export async function calm(database: Database): Promise<void> {
  let hurried_at = 0
  await eventually(async () => {
    if (Date.now() - hurried_at > 3_000) {
      await hurry(database)
      hurried_at = Date.now()
    }
    await sleep(50)
    return isCalm(database)
  }, 60_000)
}

async function hurry(database: Database): Promise<void> {
  const past = toTimestamp(new Date(0))
  const soon = toTimestamp(new Date(Date.now() + 2_000))
  await endHolds(database)
  await inTransaction(database, async (tx) => {
    await tx.updateTable('outbox').set({ run_at: past }).where('run_at', '>', soon).execute()
    // A webhook may have been lost with its server: the sandbox is asked, as it would be after a while.
    await tx.updateTable('payment').set({ check_at: past }).where('check_at', '>', soon).execute()
  })
}

async function isCalm({ db }: Database): Promise<boolean> {
  const left = await Promise.all([
    db.selectFrom('outbox').select('id').limit(1).execute(),
    db.selectFrom('hold').select('booking_id').where('expires_at', 'is not', null).limit(1).execute(),
    db.selectFrom('payment_notice').select('id').where('outcome', '=', 'waiting').limit(1).execute(),
    db
      .selectFrom('payment')
      .innerJoin('sandbox_payment', 'sandbox_payment.attempt_key', 'payment.attempt_key')
      .select('payment.id')
      .where('sandbox_payment.status', '=', 'paid')
      .where('payment.status', '<>', 'paid')
      .limit(1)
      .execute(),
  ])
  return left.every((rows) => rows.length === 0)
}

/** Whoever has paid on the sandbox's page has tickets for it, or their money back. */
export async function assertPaidFor({ db }: Database): Promise<void> {
  const paid = await db.selectFrom('sandbox_payment').selectAll().where('status', '=', 'paid').execute()
  for (const { attempt_key, amount } of paid) {
    const payment = await db.selectFrom('payment').selectAll().where('attempt_key', '=', attempt_key).executeTakeFirst()
    const back = await db.selectFrom('sandbox_refund').select('amount').where('attempt_key', '=', attempt_key).execute()
    const refunded = back.reduce((sum, one) => sum + one.amount, 0)
    const good = await db
      .selectFrom('ticket')
      .select('price')
      .where('booking_id', '=', payment!.booking_id)
      .where('status', '<>', 'void')
      .execute()
    const worth = good.reduce((sum, { price }) => sum + price, 0)
    const others = paid.filter(({ attempt_key: key }) => key !== attempt_key && key.startsWith(`karcis-${payment!.booking_id}-`)) // prettier-ignore
    assert.equal(others.length, 0, 'a booking has one attempt at a provider')
    assert.equal(payment!.status, 'paid')
    assert.equal(amount - refunded, worth, `booking ${payment!.booking_id}: ${amount} paid, ${refunded} back`)
  }
}
