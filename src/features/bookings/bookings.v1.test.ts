import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startApp } from '../../../test/support/app.ts'
import { assertBooksBalance } from '../../../test/support/books.ts'
import { factories } from '../../../test/support/factories.ts'

let now = new Date('2030-01-01T00:00:00Z')
const { call, deps } = await startApp({ now: () => now })
const { aCustomer, anOrganizer, anEvent } = factories(deps)
const customer = await aCustomer()
const organizer = await anOrganizer()

test('POST /bookings takes the seats and issues the tickets', async () => {
  const event = await anEvent({ capacity: 5, price: 500_000 })
  const { status, body } = await call('POST', '/api/v1/bookings', {
    customer_id: customer.id,
    event_id: event.id,
    quantity: 3,
    holder_names: ['Alice', 'Bob', 'Çelik 🎫'],
  })
  assert.deepEqual([status, body.message], [201, 'booking created successfully'])
  const { id, ...booking } = body.data
  assert.deepEqual(booking, {
    customer_id: customer.id,
    event_id: event.id,
    quantity: 3,
    total_price: 1_500_000,
    status: 'success',
    created_at: '2030-01-01T00:00:00Z',
    updated_at: '2030-01-01T00:00:00Z',
  })
  const read = await call('GET', `/bookings/${id}`)
  assert.equal(read.body.message, 'booking retrieved successfully')
  assert.deepEqual(read.body.data.booking, body.data)
  const { tickets } = read.body.data
  assert.deepEqual(
    tickets.map(({ holder_name, status, booking_id }: Record<string, unknown>) => [holder_name, status, booking_id]),
    [
      ['Alice', 'unused', id],
      ['Bob', 'unused', id],
      ['Çelik 🎫', 'unused', id],
    ],
  )
  for (const { ticket_code } of tickets) assert.match(ticket_code, /^[0-9A-HJKMNP-TV-Z]{8}$/)
  assert.equal((await call('GET', `/events/${event.id}`)).body.data.available_seat, 2)
})

test('holders are numbered when none is named', async () => {
  const event = await anEvent()
  for (const holder_names of [undefined, [], null]) {
    const { body } = await call('POST', '/bookings', {
      customer_id: customer.id,
      event_id: event.id,
      quantity: 2,
      holder_names,
    })
    const read = await call('GET', `/bookings/${body.data.id}`)
    assert.deepEqual(
      read.body.data.tickets.map(({ holder_name }: { holder_name: string }) => holder_name),
      ['Ticket 1', 'Ticket 2'],
    )
  }
})

const event = await anEvent({ capacity: 4 })
const huge = '99999999999999999999'
for (const [name, change, status, error] of [
  ['no customer', { customer_id: undefined }, 400, 'customer_id is required'],
  ['customer 0', { customer_id: 0 }, 400, 'customer_id is required'],
  ['no event', { event_id: undefined }, 400, 'event_id is required'],
  ['an event id beyond any', { event_id: Number(huge) }, 400, 'event_id must be at most 9007199254740991'],
  ['no quantity', { quantity: undefined }, 400, 'quantity must be greater than 0'],
  ['quantity 0', { quantity: 0 }, 400, 'quantity must be greater than 0'],
  ['quantity -1', { quantity: -1 }, 400, 'quantity must be greater than 0'],
  ['quantity "2"', { quantity: '2' }, 400, 'quantity must be an integer'],
  ['quantity 1.5', { quantity: 1.5 }, 400, 'quantity must be an integer'],
  ['quantity 1e12', { quantity: 1e12 }, 400, 'quantity must be at most 1000'],
  ['quantity null', { quantity: null }, 400, 'quantity must be an integer'],
  ['quantity true', { quantity: true }, 400, 'quantity must be an integer'],
  ['quantity []', { quantity: [] }, 400, 'quantity must be an integer'],
  ['quantity {}', { quantity: {} }, 400, 'quantity must be an integer'],
  ['too few holders', { holder_names: ['A'] }, 400, 'number of holder names must match quantity'],
  ['too many holders', { holder_names: ['A', 'B', 'C'] }, 400, 'number of holder names must match quantity'],
  ['a list that is none', { holder_names: 'A' }, 400, 'holder_names must be an array'],
  ['a holder of another type', { holder_names: ['A', 5] }, 400, 'holder_names[1] must be a string'],
  ['a blank holder', { holder_names: ['A', ' '] }, 400, 'holder_names[1] is required'],
  [
    'a long holder',
    { holder_names: ['A', 'x'.repeat(101)] },
    400,
    'holder_names[1] must be at most 100 characters long',
  ],
  ['1,001 holders', { holder_names: Array(1001).fill('A') }, 400, 'holder_names must have at most 1000 entries'],
  ['an unknown event', { event_id: 999_999 }, 404, 'event not found'],
  ['an unknown customer', { customer_id: 999_999 }, 404, 'customer not found'],
  ['an organizer as customer', { customer_id: organizer.id }, 403, 'only users with customer role can book tickets'],
  ['more than is left', { quantity: 5 }, 409, 'not enough seats available'],
] as const) {
  test(`POST /bookings with ${name} is refused and takes nothing`, async () => {
    const answer = await call('POST', '/api/v1/bookings', {
      customer_id: customer.id,
      event_id: event.id,
      quantity: 2,
      ...change,
    })
    assert.deepEqual([answer.status, answer.body.error], [status, error])
    assert.equal((await call('GET', `/events/${event.id}`)).body.data.available_seat, 4)
  })
}

const book = (event_id: number, quantity = 1) =>
  call('POST', '/bookings', { customer_id: customer.id, event_id, quantity })

test('a sold-out, a closed and a past event are not available', async () => {
  const soldOut = await anEvent({ capacity: 1 })
  await book(soldOut.id)
  const closed = await anEvent()
  await call('PUT', `/events/${closed.id}`, { title: 'T', location: 'L', status: 'unavailable' })
  const past = await anEvent({ date: '2030-01-01T01:00:00Z' })
  now = new Date('2030-01-01T01:00:00Z')
  for (const { id } of [soldOut, closed, past]) {
    const { status, body } = await book(id)
    assert.deepEqual([status, body.error], [409, 'event is not available'])
  }
  now = new Date('2030-01-01T00:00:00Z')
  assert.equal((await book(past.id)).status, 201)
})

test('1,000 seats at 10^12 each are counted exactly', async () => {
  const { id } = await anEvent({ capacity: 1_000, price: 1e12 })
  const { body } = await book(id, 1_000)
  assert.equal(body.data.total_price, 1e15)
  const read = await call('GET', `/bookings/${body.data.id}`)
  assert.equal(read.body.data.tickets.length, 1_000)
})

test('GET of an unknown booking is 404, of a bad id 400', async () => {
  assert.equal((await call('GET', '/bookings/999999')).body.error, 'booking not found')
  assert.equal((await call('GET', '/bookings/x')).body.error, 'invalid booking id')
})

test('the books balance', async () => assertBooksBalance(deps.database.db))
