import assert from 'node:assert/strict'
import { refundOf } from '../../src/features/bookings/cancel-booking.ts'
import { assertBooksBalance } from './books.ts'
import { doAllWork } from './selling.ts'
import { tellOf, type History } from './selling-steps.ts'

/** Three days and more, after which nobody asks any more. */
const calm_minutes = [1, 2, 5, 20, 60, 120, 240, 480, 720, 1_440, 1_440, 60, 60]

/** Providers behave, late webhooks come, and both servers work until long after the last hold. */
export async function calmDown(history: History): Promise<void> {
  const { world, toTell } = history
  const { servers, fakes, database } = world
  for (const fake of Object.values(fakes)) {
    fake.behave()
    fake.refundsTake('no time')
    fake.finishRefunds()
  }
  const payments = await database.db.selectFrom('payment').selectAll().orderBy('id').execute()
  for (const payment of payments) {
    // What was reserved on a card is settled within a day.
    if (payment.status === 'paid' && payment.provider !== 'sandbox') fakes[payment.provider].settle(payment.attempt_key)
  }
  for (const minutes of calm_minutes) {
    world.forward(minutes)
    await Promise.all(servers.map(({ deps, selling }) => doAllWork(deps, selling)))
    for (const payment of payments) {
      if (toTell.delete(payment.attempt_key)) await tellOf(history, servers[0], payment)
    }
    const paid = await database.db.selectFrom('payment').selectAll().where('status', '=', 'paid').execute()
    for (const { provider, attempt_key } of paid) if (provider !== 'sandbox') fakes[provider].settle(attempt_key)
  }
}

type Moved = { paid: number; refunded: number }

/** By an attempt's key, what its provider has taken and paid back. */
async function providersBooks({ world }: History): Promise<Map<string, Moved>> {
  const { db } = world.database
  const moved = new Map<string, Moved>()
  for (const fake of Object.values(world.fakes)) for (const [key, one] of fake.books()) moved.set(key, one)
  for (const { attempt_key, amount, status } of await db.selectFrom('sandbox_payment').selectAll().execute()) {
    moved.set(attempt_key, { paid: status === 'paid' ? amount : 0, refunded: 0 })
  }
  for (const { attempt_key, amount } of await db.selectFrom('sandbox_refund').selectAll().execute()) {
    moved.get(attempt_key)!.refunded += amount
  }
  return moved
}

/** Seats, tickets, the ledger and what the providers have written down agree: whoever paid has tickets, or their money. */
export async function assertAllAgrees(history: History): Promise<void> {
  const { db } = history.world.database
  await assertBooksBalance(db)
  const moved = await providersBooks(history)
  const payments = await db.selectFrom('payment').selectAll().orderBy('id').execute()
  const refunds = await db.selectFrom('refund').selectAll().orderBy('id').execute()
  const tickets = await db.selectFrom('ticket').selectAll().execute()
  const bookings = await db.selectFrom('booking').selectAll().execute()
  const events = await db.selectFrom('event').selectAll().execute()

  assert.deepEqual(await db.selectFrom('outbox').selectAll().execute(), [], 'the outbox is empty, of the dead as well')
  const waiting = await db.selectFrom('payment_notice').select('id').where('outcome', '=', 'waiting').execute()
  assert.deepEqual(waiting, [], 'every notice was applied')
  const open = refunds.filter(({ status }) => status !== 'done' && status !== 'by_hand')
  assert.deepEqual(open, [], 'every refund is done, or waits for a person')

  const inLedger = new Map<string, number>()
  for (const { account, amount } of await db.selectFrom('ledger_entry').selectAll().execute()) {
    inLedger.set(account, (inLedger.get(account) ?? 0) + amount)
  }
  const held = new Map<string, number>()
  for (const payment of payments) {
    const { provider, attempt_key, amount, status } = payment
    const { paid, refunded } = moved.get(attempt_key) ?? { paid: 0, refunded: 0 }
    const what = `${provider} payment ${payment.id} of ${amount} (${status}): ${paid} paid, ${refunded} refunded`
    if (paid > 0) assert.equal(`${status} ${amount}`, `paid ${paid}`, what)
    else assert.notEqual(status, 'paid', what)
    const own = refunds.filter(({ payment_id }) => payment_id === payment.id)
    const byProvider = own.filter(({ id, status }) => status === 'done' && !history.byHand.has(id))
    assert.equal(refunded, sum(byProvider), what)
    // What waits for a person is in nobody's books.
    if (status === 'paid') held.set(provider, (held.get(provider) ?? 0) + paid - refunded)
    for (const { id, amount } of own) {
      if (history.byHand.has(id)) held.set(provider, (held.get(provider) ?? 0) - amount)
    }
  }
  for (const [provider, amount] of held) assert.equal(inLedger.get(`provider:${provider}`) ?? 0, amount, provider)

  for (const booking of bookings) {
    const own = payments.filter(({ booking_id, status }) => booking_id === booking.id && status === 'paid')
    const back = sum(refunds.filter(({ booking_id }) => booking_id === booking.id))
    const kept = sum(own) - back
    const of = tickets.filter(({ booking_id }) => booking_id === booking.id)
    const good = of.filter(({ status }) => status !== 'void')
    const ended = of.filter(({ status }) => status === 'void')
    const what = `${booking.status} booking ${booking.id} of ${booking.total_price}: paid ${sum(own)}, back ${back}`
    assert.notEqual(booking.status, 'pending', what)
    if (own.length === 0) continue
    const worth = good.reduce((total, { price }) => total + price, 0)
    const isWanted = of.length > 0
    assert.equal(kept, isWanted ? booking.total_price - booking.refunded : 0, what)
    const { cancel_refund_percent } = events.find(({ id }) => id === booking.event_id)!
    const due = ended.reduce((total, { price }) => total + refundOf(price, cancel_refund_percent), 0)
    assert.ok(kept >= worth && booking.refunded >= due, `${what}: good tickets worth ${worth}, at least ${due} due`)
  }

  for (const event of events) {
    const sold = tickets.filter(({ event_id, status, deleted_at }) => event_id === event.id && status !== 'void' && !deleted_at) // prettier-ignore
    assert.ok(sold.length <= event.capacity, `event ${event.id} of ${event.capacity}: ${sold.length} tickets`)
  }
  const entered = await db.selectFrom('audit_entry').select('entity_id').where('action', '=', 'ticket_used').execute()
  assert.equal(new Set(entered.map(({ entity_id }) => entity_id)).size, entered.length, 'a ticket is used once')
  for (const { entity_id } of entered) {
    const ticket = tickets.find(({ id }) => id === entity_id)!
    const event = events.find(({ id }) => id === ticket.event_id)!
    if (event.cancelled_at === null) assert.equal(ticket.status, 'used', 'nobody is in with a void ticket')
  }
}

function sum(rows: readonly { amount: number }[]): number {
  return rows.reduce((total, { amount }) => total + amount, 0)
}
