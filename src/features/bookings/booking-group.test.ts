import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decideGroup } from './booking-group.ts'

const at = '2030-01-01 10:00:00.000'
const event = (id: number, available_seat: number, more: object = {}) =>
  [
    id,
    {
      id,
      organizer_id: 9,
      deleted_at: null,
      price: 100,
      available_seat,
      closed: 0 as const,
      date: '2030-06-01 10:00:00',
      ...more,
    },
  ] as const
const events = new Map([
  event(1, 5),
  event(2, 0),
  event(3, 5, { closed: 1 }),
  event(4, 5, { date: '2030-01-01 10:00:00' }),
  event(5, 2),
])
const customers = new Map([
  [1, { id: 1, role: 'customer' as const, deleted_at: null }],
  [2, { id: 2, role: 'organizer' as const, deleted_at: null }],
  [3, { id: 3, role: 'customer' as const, deleted_at: '2029-01-01 00:00:00.000' }],
])

const decide = (...orders: [event: number, quantity: number, customer?: number][]) =>
  decideGroup(
    orders.map(([event_id, quantity, customer_id = 1]) => ({ event_id, quantity, customer_id })),
    events,
    customers,
    at,
  ).map((decision) => (decision instanceof Error ? (decision as { code?: string }).code : decision.total_price))

for (const [name, orders, expected] of [
  ['pays price by quantity', [[1, 3]], [300]],
  ['is refused for a deleted customer', [[1, 1, 3]], ['customer_not_found']],
  ['is refused for an unknown event', [[9, 1]], ['event_not_found']],
  ['is refused for a sold-out event', [[2, 1]], ['event_not_available']],
  ['is refused for a closed event', [[3, 1]], ['event_not_available']],
  ['is refused for one that has begun', [[4, 1]], ['event_not_available']],
  ['is refused for more than is left', [[1, 6]], ['not_enough_seats']],
  ['is refused for an unknown customer', [[1, 1, 9]], ['customer_not_found']],
  ['is refused for an organizer', [[1, 1, 2]], ['not_a_customer']],
  ['hears of the event before the customer', [[2, 1, 9]], ['event_not_available']],
] as [string, [number, number, number?][], unknown[]][]) {
  test(`one who ${name}`, () => assert.deepEqual(decide(...orders), expected))
}

test('first come, first served: those behind get what is left, and one who is refused takes nothing', () => {
  assert.deepEqual(decide([1, 3], [1, 3], [1, 2], [1, 1], [5, 2], [1, 1, 2]), [
    300,
    'not_enough_seats',
    200,
    'event_not_available',
    200,
    'event_not_available',
  ])
})

test('one who may not book takes no seat from those behind', () => {
  assert.deepEqual(decide([5, 2, 2], [5, 2]), ['not_a_customer', 200])
})
