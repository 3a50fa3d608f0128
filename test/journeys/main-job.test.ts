import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startApp } from '../support/app.ts'
import { assertBooksBalance } from '../support/books.ts'

const { call, deps } = await startApp()

test('from registering to the door: someone publishes, others book until it is sold out, tickets are used once', async () => {
  const register = async (name: string, role: string) => {
    const body = { name, email: `${name}@example.com`, password: 'password123', role }
    return (await call('POST', '/users/register', body)).body.data.id as number
  }
  const organizer_id = await register('dedi', 'organizer')
  const customers = [await register('ani', 'customer'), await register('budi', 'customer')]
  const event = await call('POST', '/events', {
    organizer_id,
    title: 'Konser',
    location: 'Bandung',
    capacity: 7,
    price: 100_000,
    date: '2999-01-01T12:00:00Z',
  })
  const event_id: number = event.body.data.id

  const statuses: number[] = []
  for (let n = 0; n < 4; n++) {
    const { status } = await call('POST', '/bookings', { customer_id: customers[n % 2], event_id, quantity: 2 })
    statuses.push(status)
  }
  assert.deepEqual(statuses, [201, 201, 201, 409])
  assert.equal((await call('POST', '/bookings', { customer_id: customers[0], event_id, quantity: 1 })).status, 201)
  assert.equal((await call('GET', `/events/${event_id}`)).body.data.status, 'unavailable')

  const tickets = await call('GET', '/tickets')
  assert.equal(tickets.body.data.length, 7)
  for (const { id } of tickets.body.data) {
    assert.equal((await call('PUT', `/tickets/${id}/use`)).status, 200)
    assert.equal((await call('PUT', `/tickets/${id}/use`)).status, 400)
  }
  await assertBooksBalance(deps.database.db)
})
