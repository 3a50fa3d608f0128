import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startApp } from '../../../test/support/app.ts'
import { assertBooksBalance } from '../../../test/support/books.ts'
import { factories } from '../../../test/support/factories.ts'
import { onSqlite } from '../../../test/support/database.ts'
import { inTransaction } from '../../db/transaction.ts'
import { system } from '../../lib/caller.ts'
import { newTicketCode } from '../../lib/codes.ts'
import { changeEvent } from '../events/change-event.ts'
import { addTicketType, changeTicketType } from '../ticket-types/change-type.ts'
import { findEvent } from '../events/events.sql.ts'
import { listTicketsByBooking } from '../tickets/tickets.sql.ts'
import type { Booking } from './booking.ts'
import { listTicketTypes } from '../ticket-types/ticket-types.sql.ts'
import { findHold, lockEvents } from './bookings.sql.ts'
import { groupCommitter } from './commit-group.ts'

const codes: string[] = []
const { deps } = await startApp({ newCode: () => codes.shift() ?? newTicketCode() })
const { aCustomer, anEvent, aBooking } = factories(deps)
const commitGroup = groupCommitter(deps)
const customer = await aCustomer()

const order = (event_id: number, more: object = {}) => ({
  event_id,
  customer_id: customer.id,
  quantity: 1,
  items: [{ holders: ['Ani'] }],
  caller: system,
  ...more,
})
const kinds = (results: (object | Error)[]) =>
  results.map((one) => (one instanceof Error ? ((one as { code?: string }).code ?? 'error') : 'booked'))

test('a group over several events: each gets its own answer', async () => {
  const [one, two] = [await anEvent({ capacity: 2 }), await anEvent({ capacity: 1 })]
  const results = await commitGroup([order(two.id), order(one.id), order(two.id), order(999_999), order(one.id)])
  assert.deepEqual(kinds(results), ['booked', 'booked', 'event_not_available', 'event_not_found', 'booked'])
  await assertBooksBalance(deps.database.db)
})

test('a value that the database refuses fails alone, and its neighbours go through', async () => {
  const event = await anEvent({ capacity: 5_000 })
  const good = order(event.id)
  await deps.database.writer
    .updateTable('ticket_type')
    .set({ max_per_booking: 9_999 })
    .where('event_id', '=', event.id)
    .execute()
  // The CHECK allows 1,000; the API would never let this pass.
  const bad = order(event.id, { quantity: 1_001, items: [{ holders: Array(1_001).fill('x') }] })
  const results = await commitGroup([good, good, bad, good, good, good])
  assert.deepEqual(kinds(results.toSpliced(2, 1)), Array(5).fill('booked'))
  assert.ok(results[2] instanceof Error)
  await assertBooksBalance(deps.database.db)
})

test('a code that clashes is drawn again for the whole group', async () => {
  codes.push('CLASH111')
  await aBooking()
  const event = await anEvent()
  codes.push('FRESH111', 'CLASH111', 'FRESH222')
  assert.deepEqual(
    kinds(await commitGroup([order(event.id), order(event.id), order(event.id)])),
    Array(3).fill('booked'),
  )
  await assertBooksBalance(deps.database.db)
})

test('a customer who was just deleted is refused alone', async () => {
  const event = await anEvent()
  const results = await commitGroup([order(event.id), order(event.id, { customer_id: 999_999 }), order(event.id)])
  assert.deepEqual(kinds(results), ['booked', 'customer_not_found', 'booked'])
})

test(
  'an event that stays locked holds up its own bookings for some ten seconds, and those of others for five',
  {
    skip: onSqlite && 'SQLite has no locks of rows',
  },
  async () => {
    const [held, one, two] = [await anEvent(), await anEvent(), await anEvent()]
    const group = [order(one.id), order(held.id), order(two.id), order(one.id)]
    // By what is seen of them now, the next group goes at once.
    await commitGroup(group)
    const since = performance.now()
    const results = await inTransaction(deps.database, async (tx) => {
      await lockEvents(tx, deps.database.dialect, [held.id])
      return commitGroup(group)
    })
    const took_ms = performance.now() - since
    assert.deepEqual(kinds(results), ['booked', 'server_busy', 'booked', 'booked'])
    assert.ok(took_ms < 13_000, `${took_ms} ms`)
    assert.deepEqual(kinds(await commitGroup(group)), Array(4).fill('booked'))
    await assertBooksBalance(deps.database.db)
  },
)

test('ids ascend, and no two servers get the same', async () => {
  const event = await anEvent({ capacity: 1_000 })
  const other = groupCommitter(deps)
  const results = []
  for (let round = 0; round < 8; round++) {
    const orders = Array.from({ length: 40 }, () => order(event.id))
    results.push(...(await commitGroup(orders)), ...(await other(orders)))
  }
  const ids = results.map((one) => (one as { id: number }).id)
  assert.equal(new Set(ids).size, 640)
})

test('rows that were put in by hand, in the middle of a leased block, are stepped over', async () => {
  const event = await anEvent({ capacity: 1_000 })
  const [booked] = await commitGroup([order(event.id)])
  const { id, ...booking } = booked as { id: number; [column: string]: unknown }
  await deps.database.writer
    .insertInto('booking')
    .values([1, 2, 3].map((step) => Object.assign({ id: id + step }, booking)) as never)
    .execute()
  const results = await commitGroup([order(event.id), order(event.id), order(event.id)])
  assert.deepEqual(kinds(results), Array(3).fill('booked'))
  assert.ok(results.every((one) => (one as { id: number }).id > id + 3))
  await deps.database.writer
    .deleteFrom('booking')
    .where('id', 'in', [id + 1, id + 2, id + 3])
    .execute()
})

test('groups whose guard fails again and again never run out of ids', async () => {
  const event = await anEvent({ capacity: 100_000 })
  for (let round = 0; round < 30; round++) {
    // Another price each time: what was seen of the event is never right.
    await changeEvent(deps, system, event.id, { price: round })
    const orders = Array.from({ length: 60 }, () => order(event.id))
    const results = await commitGroup(orders)
    assert.deepEqual(kinds(results), Array(60).fill('booked'))
    for (const one of results) assert.equal((one as { total_price: number }).total_price, round)
  }
  await assertBooksBalance(deps.database.db)
})

test('types with seats of their own, in one group and in those that follow: neither they nor the event oversell', async () => {
  const event = await anEvent({ capacity: 100 })
  const vip = await addTicketType(deps, system, event.id, { name: 'VIP', price: 90_000, capacity: 5 })
  const ordinary = await addTicketType(deps, system, event.id, { name: 'Tribun', price: 10_000 })
  const of = (...items: [id: number, count: number][]) =>
    order(event.id, {
      quantity: items.reduce((sum, [, count]) => sum + count, 0),
      items: items.map(([ticket_type_id, count]) => ({ ticket_type_id, holders: Array(count).fill('Ani') })),
    })
  const mixed = await commitGroup([of([vip.id, 2], [ordinary.id, 3]), of([vip.id, 4]), of([vip.id, 1])])
  assert.deepEqual(kinds(mixed), ['booked', 'not_enough_seats', 'booked'])
  assert.equal((mixed[0] as { total_price: number }).total_price, 2 * 90_000 + 3 * 10_000)
  // This one can go at once; the next would take the last of them, and goes the long way.
  assert.deepEqual(kinds(await commitGroup([of([vip.id, 1])])), ['booked'])
  assert.deepEqual(kinds(await commitGroup([of([vip.id, 1]), of([vip.id, 1])])), ['booked', 'not_enough_seats'])
  await changeTicketType(deps, system, vip.id, { capacity: 6, price: 95_000 })
  const [last] = await commitGroup([of([vip.id, 1])])
  assert.equal((last as { total_price: number }).total_price, 95_000)
  const { capacity, available_seat } = await deps.database.db
    .selectFrom('ticket_type')
    .selectAll()
    .where('id', '=', vip.id)
    .executeTakeFirstOrThrow()
  assert.deepEqual({ capacity, available_seat }, { capacity: 6, available_seat: 0 })
  await assertBooksBalance(deps.database.db)
})

test('what must be paid is held: it has seats, and no tickets yet', async () => {
  const commit = groupCommitter(deps, (total) => total >= 1_000)
  const [event, free, cheap] = [await anEvent(), await anEvent({ price: 0 }), await anEvent({ price: 999 })]
  const results = await commit([
    order(event.id, { quantity: 2, items: [{ holders: ['Ani', 'Budi'] }] }),
    order(free.id),
    order(cheap.id),
    order(event.id, { isPaidAlready: true }),
  ])
  assert.deepEqual(kinds(results), ['booked', 'booked', 'total_not_payable', 'booked'])
  const [held, given, , counter] = results as Booking[]
  assert.deepEqual([held!.status, given!.status, counter!.status], ['pending', 'success', 'success'])
  const ms = (text: string) => Date.parse(`${text.replace(' ', 'T')}Z`)
  assert.equal(ms(held!.expires_at!) - ms(held!.created_at), 15 * 60_000)
  const hold = await findHold(deps.database.db, held!.id)
  const [first] = await listTicketTypes(deps.database.db, event.id)
  assert.deepEqual(JSON.parse(hold!.items), [
    { ticket_type_id: first!.id, price: 50_000, holder_names: ['Ani', 'Budi'] },
  ])
  assert.deepEqual(await listTicketsByBooking(deps.database.db, held!.id), [])
  const { available_seat } = (await findEvent(deps.database.db, event.id))!
  assert.equal(available_seat, event.capacity - 3)
})
