import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decideGroup, type OrderItem, type TypeOnSale } from './booking-group.ts'

const at = '2030-01-01 10:00:00.000'
const type = (id: number, more: Partial<TypeOnSale> = {}): TypeOnSale => ({
  id,
  event_id: Math.floor(id / 10),
  price: 100,
  available_seat: null,
  sales_open_at: null,
  sales_close_at: null,
  min_per_booking: 1,
  max_per_booking: 1_000,
  hidden: 0,
  position: 0,
  deleted_at: null,
  ...more,
})
const event = (id: number, available_seat: number, more: object = {}) =>
  [
    id,
    {
      id,
      organizer_id: 9,
      deleted_at: null,
      available_seat,
      closed: 0 as const,
      date: '2030-06-01 10:00:00',
      cancelled_at: null,
      sales_open_at: null,
      sales_close_at: null,
      currency: 'IDR',
      hold_minutes: 15,
      version: 1,
      types: [type(id * 10)],
      ...more,
    },
  ] as const
const events = new Map([
  event(1, 5),
  event(2, 0),
  event(3, 5, { closed: 1 }),
  event(4, 5, { date: '2030-01-01 10:00:00' }),
  event(5, 2),
  event(6, 50, {
    types: [
      type(60, { position: 2, price: 700 }),
      type(61, { position: 1, price: 100, max_per_booking: 4 }),
      type(62, { position: 3, hidden: 1, price: 1 }),
      type(63, { position: 3, sales_close_at: at }),
      type(64, { position: 3, sales_open_at: '2030-01-01 10:00:00.001' }),
      type(65, { position: 3, available_seat: 3, price: 300 }),
      type(66, { position: 3, deleted_at: at }),
      type(67, { position: 3, min_per_booking: 2 }),
    ],
  }),
])
const customers = new Map([
  [1, { id: 1, role: 'customer' as const, deleted_at: null }],
  [2, { id: 2, role: 'organizer' as const, deleted_at: null }],
  [3, { id: 3, role: 'customer' as const, deleted_at: '2029-01-01 00:00:00.000' }],
])

const decide = (...orders: [event: number, quantity: number, customer?: number][]) =>
  decideGroup(
    orders.map(([event_id, quantity, customer_id = 1]) => ({
      event_id,
      quantity,
      customer_id,
      items: [{ holders: Array<string>(quantity).fill('x') }],
    })),
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

const ofTypes = (...orders: [type: number | undefined, count: number][][]) =>
  decideGroup(
    orders.map((items) => ({
      event_id: 6,
      customer_id: 1,
      quantity: items.reduce((sum, [, count]) => sum + count, 0),
      items: items.map(([ticket_type_id, count]): OrderItem => ({
        ticket_type_id,
        holders: Array<string>(count).fill('x'),
      })),
    })),
    events,
    customers,
    at,
  ).map((decision) => (decision instanceof Error ? (decision as { code?: string }).code : decision.total_price))

for (const [name, items, expected] of [
  ['without a type gets the first that is shown', [[undefined, 2]], 200],
  ['of several types pays for each', [[60, 2], [61, 1]], 1_500], // prettier-ignore
  ['of a hidden type gets it', [[62, 1]], 1],
  ['of a type whose sale is over is refused', [[63, 1]], 'ticket_type_not_on_sale'],
  ['of a type whose sale has not begun is refused', [[64, 1]], 'ticket_type_not_on_sale'],
  ['of a type that is deleted is refused', [[66, 1]], 'ticket_type_not_found'],
  ["of another event's type is refused", [[10, 1]], 'ticket_type_not_found'],
  ['below what is sold at a time is refused', [[67, 1]], 'quantity_not_sold'],
  ['above what is sold at a time is refused', [[61, 5]], 'quantity_not_sold'],
  ["beyond the type's own seats is refused", [[65, 4]], 'not_enough_seats'],
  ['beyond the seats of the event is refused', [[60, 51]], 'not_enough_seats'],
] as [string, [number | undefined, number][], unknown][]) {
  test(`an order ${name}`, () => assert.deepEqual(ofTypes(items), [expected]))
}

test("those behind get what is left of a type's own seats, and one who is refused takes none of them", () => {
  const [two, four, one] = [[[65, 2]], [[65, 4]], [[65, 1]]] as [number, number][][]
  assert.deepEqual(
    ofTypes(
      two!,
      four!,
      [
        [60, 1],
        [65, 2],
      ],
      one!,
      one!,
    ),
    [
      // prettier-ignore
      600,
      'not_enough_seats',
      'not_enough_seats',
      300,
      'not_enough_seats',
    ],
  )
})
