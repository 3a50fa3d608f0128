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

test('an event sells until it begins', () => {
  const event = { available_seat: 1, closed: 0, date: '2030-01-01 10:00:00' } as const
  assert.equal(isOnSale(event, '2030-01-01 09:59:59.999'), true)
  assert.equal(isOnSale(event, '2030-01-01 10:00:00.000'), false)
})

test('a new capacity keeps the seats that are sold', () => {
  const event = { capacity: 10, available_seat: 4 }
  assert.equal(availableAfterResize(event, 20), 14)
  assert.equal(availableAfterResize(event, 6), 0)
  assert.throws(() => availableAfterResize(event, 5), { code: 'capacity_below_booked_seats' })
})
