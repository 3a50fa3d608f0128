import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startApp } from '../support/app.ts'
import { assertBooksBalance } from '../support/books.ts'
import { factories } from '../support/factories.ts'

let now = Date.parse('2030-06-01T12:00:00Z')
const { call, deps } = await startApp({ now: () => new Date(now) })
const { aCustomer, anEvent } = factories(deps)

test('a clock that is set back loses nothing, doubles nothing, and keeps the order of ids', async () => {
  const customer_id = (await aCustomer()).id
  const event_id = (await anEvent({ capacity: 100, date: '2030-07-01T00:00:00Z' })).id
  const ids: number[] = []
  for (const hours of [0, -1, -48, 1, -1_000]) {
    now += hours * 3_600_000
    const key = { 'idempotency-key': `k${hours}` }
    const first = await call('POST', '/bookings', { customer_id, event_id, quantity: 1 }, key)
    const again = await call('POST', '/bookings', { customer_id, event_id, quantity: 1 }, key)
    assert.deepEqual([first.status, again.text], [201, first.text])
    ids.push(first.body.data.id)
  }
  assert.deepEqual(
    ids,
    ids.toSorted((a, b) => a - b),
  )
  await assertBooksBalance(deps.database.db)
})
