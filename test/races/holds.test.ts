import assert from 'node:assert/strict'
import { test } from 'node:test'
import { expireHolds } from '../../src/features/bookings/expire-holds.ts'
import { applyFound } from '../../src/features/payments/settle-payment.ts'
import { actInSandbox } from '../../src/features/payments/act-in-sandbox.ts'
import { openPayment } from '../../src/features/payments/open-payment.ts'
import { sandbox } from '../../src/features/payments/providers/sandbox.ts'
import { addTicketType } from '../../src/features/ticket-types/change-type.ts'
import { system } from '../../src/lib/caller.ts'
import { assertBooksBalance } from '../support/books.ts'
import { factories } from '../support/factories.ts'
import { startSelling } from '../support/selling.ts'

const started = await startSelling(
  (deps) => [sandbox({ database: deps.database, now: deps.now, pageUrl: (key) => `http://localhost/${key}` })],
  { auth: 'off' },
)
const { deps, call, selling, time, work } = started
const { aCustomer, anEvent } = factories(deps)
const customer = await aCustomer()

const book = async (event_id: number, items?: object[]) =>
  (await call('POST', '/api/v2/bookings', { event_id, customer_id: customer.id, ...(items ? { items } : { quantity: 2 }) })) // prettier-ignore
const statuses = async (ids: readonly number[]) =>
  deps.database.db.selectFrom('booking').select(['id', 'status']).where('id', 'in', ids).execute()

test('many workers end the same holds: every seat comes back once', async () => {
  const [one, two] = [await anEvent({ capacity: 400 }), await anEvent({ capacity: 400 })]
  const vip = await addTicketType(deps, system, one.id, { name: 'VIP', price: 90_000, capacity: 120 })
  const booked = await Promise.all(
    Array.from({ length: 300 }, (_, n) =>
      n % 3 === 0 ? book(two.id) : book(one.id, [{ ticket_type_id: vip.id, quantity: 1 }]),
    ),
  )
  const ids = booked.filter(({ status }) => status === 201).map(({ body }) => body.id as number)
  assert.equal(ids.length, 220, 'one hundred of one event, and as many as the type has seats')
  time.forward(16)
  await Promise.all(
    Array.from({ length: 6 }, async () => {
      while ((await expireHolds(deps)) > 0);
    }),
  )
  for (const { status } of await statuses(ids)) assert.equal(status, 'expired')
  for (const { id } of [one, two]) {
    assert.equal((await call('GET', `/api/v2/events/${id}`)).body.available_seat, 400)
  }
  await assertBooksBalance(deps.database.db)
})

test('a payment, the end of its hold and its cancellation at the same moment: one of them has it', async () => {
  const outcomes = new Map<string, number>()
  for (let round = 0; round < 12; round++) {
    const event = await anEvent({ capacity: 2 })
    const { body: booking } = await book(event.id)
    const payment = await openPayment(deps, selling, system, booking.id, {})
    await actInSandbox(deps, payment.attempt_key, 'pay')
    await deps.database.writer
      .updateTable('hold')
      .set({ expires_at: '2020-01-01 00:00:00.000' })
      .where('booking_id', '=', booking.id)
      .execute()
    const paid = { state: 'paid', amount: payment.amount, currency: payment.currency } as const
    const at_once = [
      () => applyFound(deps, selling, payment, paid),
      () => applyFound(deps, selling, payment, paid),
      () => expireHolds(deps),
      () => call('POST', `/api/v2/bookings/${booking.id}/cancellation`, {}),
    ]
    await Promise.all(
      at_once
        .slice(round % 4)
        .concat(at_once.slice(0, round % 4))
        .map((one) => one()),
    )
    await work()
    time.forward(15)
    await work()
    const [{ status } = { status: '' }] = await statuses([booking.id])
    outcomes.set(status, (outcomes.get(status) ?? 0) + 1)
    const refunds = await deps.database.db.selectFrom('refund').select('amount').where('booking_id', '=', booking.id).execute() // prettier-ignore
    const back = refunds.reduce((sum, { amount }) => sum + amount, 0)
    assert.equal(back, status === 'success' ? 0 : payment.amount, status)
    await assertBooksBalance(deps.database.db)
  }
  assert.equal(
    [...outcomes.values()].reduce((sum, count) => sum + count),
    12,
  )
})

test('a ticket that is cancelled while it is used: it was used, or it is void, and nobody gets both', async () => {
  for (let round = 0; round < 10; round++) {
    const event = await anEvent({ capacity: 1, price: 0 })
    const { body: booking } = await call('POST', '/api/v2/bookings', { event_id: event.id, customer_id: customer.id, quantity: 1 }) // prettier-ignore
    const [ticket] = (await call('GET', `/api/v2/bookings/${booking.id}/tickets`)).body.items
    const [used, cancelled] = await Promise.all([
      call('POST', `/api/v2/tickets/${ticket.id}/use`),
      call('POST', `/api/v2/bookings/${booking.id}/cancellation`, {}),
    ])
    assert.deepEqual(
      [used.status, cancelled.status].toSorted((a, b) => a - b),
      [200, 409],
    )
    await assertBooksBalance(deps.database.db)
  }
})
