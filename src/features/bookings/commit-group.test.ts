import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startApp } from '../../../test/support/app.ts'
import { assertBooksBalance } from '../../../test/support/books.ts'
import { factories } from '../../../test/support/factories.ts'
import { system } from '../../lib/caller.ts'
import { newTicketCode } from '../../lib/codes.ts'
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
  holders: ['Ani'],
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
  // The CHECK allows 1,000; the API would never let this pass.
  const bad = order(event.id, { quantity: 1_001, holders: Array(1_001).fill('x') })
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
    await deps.database.writer.updateTable('event').set({ price: round }).where('id', '=', event.id).execute()
    const orders = Array.from({ length: 60 }, () => order(event.id))
    const results = await commitGroup(orders)
    assert.deepEqual(kinds(results), Array(60).fill('booked'))
    for (const one of results) assert.equal((one as { total_price: number }).total_price, round)
  }
  await assertBooksBalance(deps.database.db)
})
