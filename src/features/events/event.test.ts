import assert from 'node:assert/strict'
import { test } from 'node:test'
import { availableAfterResize, eventStatus, isOnSale } from './event.ts'

for (const [name, event, expected] of [
  ['seats left', { available_seat: 1, closed: 0 }, 'available'],
  ['sold out', { available_seat: 0, closed: 0 }, 'unavailable'],
  ['closed by its organizer', { available_seat: 5, closed: 1 }, 'unavailable'],
  ['closed and sold out', { available_seat: 0, closed: 1 }, 'unavailable'],
] as const) {
  test(`an event with ${name} is ${expected}`, () => assert.equal(eventStatus(event), expected))
}

const event = {
  available_seat: 1,
  closed: 0,
  date: '2030-01-01 10:00:00',
  cancelled_at: null,
  sales_open_at: null,
  sales_close_at: null,
} as const

test('an event sells until it begins', () => {
  assert.equal(isOnSale(event, '2030-01-01 09:59:59.999'), true)
  assert.equal(isOnSale(event, '2030-01-01 10:00:00.000'), false)
})

test('an event sells within its sales alone, and not when it is cancelled', () => {
  const window = { ...event, sales_open_at: '2029-01-01 00:00:00', sales_close_at: '2029-02-01 00:00:00' }
  assert.equal(isOnSale(window, '2028-12-31 23:59:59.999'), false)
  assert.equal(isOnSale(window, '2029-01-01 00:00:00.000'), true)
  assert.equal(isOnSale(window, '2029-02-01 00:00:00.000'), false)
  assert.equal(isOnSale({ ...event, cancelled_at: '2029-01-01 00:00:00.000' }, '2029-01-02 00:00:00.000'), false)
})

test('a new capacity keeps the seats that are sold', () => {
  const event = { capacity: 10, available_seat: 4 }
  assert.equal(availableAfterResize(event, 20), 14)
  assert.equal(availableAfterResize(event, 6), 0)
  assert.throws(() => availableAfterResize(event, 5), { code: 'capacity_below_booked_seats' })
})
