import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { assertBooksBalance } from '../support/books.ts'
import { raceGround } from './race-ground.ts'

const { servers, database, make, post, close } = await raceGround()
after(close)

test('hundreds of bookings for few seats: exactly the seats are sold', async () => {
  const event = await make.anEvent({ capacity: 50 })
  const customer = await make.aCustomer()
  const answers = await Promise.all(
    Array.from({ length: 300 }, (_, n) =>
      post(n, '/bookings', { customer_id: customer.id, event_id: event.id, quantity: 1 }),
    ),
  )
  const statuses = Map.groupBy(answers, ({ status }) => status)
  assert.equal(statuses.get(201)?.length, 50, JSON.stringify([...statuses.keys()]))
  assert.equal(statuses.get(409)?.length, 250)
  for (const { body } of statuses.get(409)!) assert.equal(body.error, 'event is not available')
  await assertBooksBalance(database.db)
})

test('bookings of different sizes never take more than there is', async () => {
  const event = await make.anEvent({ capacity: 100 })
  const customer = await make.aCustomer()
  const answers = await Promise.all(
    Array.from({ length: 200 }, (_, n) =>
      post(n, '/bookings', { customer_id: customer.id, event_id: event.id, quantity: 1 + (n % 7) }),
    ),
  )
  const sold = answers.reduce((sum, { status, body }) => sum + (status === 201 ? body.data.quantity : 0), 0)
  assert.equal(sold, 100, 'the last seats go to those who want few')
  for (const { status } of answers) assert.ok(status === 201 || status === 409, String(status))
  await assertBooksBalance(database.db)
})

test('bookings over many events at once, in every order, meet no deadlock that is seen', async () => {
  const events = await Promise.all(Array.from({ length: 8 }, () => make.anEvent({ capacity: 10 })))
  const customer = await make.aCustomer()
  const answers = await Promise.all(
    Array.from({ length: 160 }, (_, n) =>
      post(n, '/bookings', { customer_id: customer.id, event_id: events[(n * 5) % 8]!.id, quantity: 1 }),
    ),
  )
  assert.equal(answers.filter(({ status }) => status === 201).length, 80)
  assert.equal(answers.filter(({ status }) => status === 409).length, 80)
  await assertBooksBalance(database.db)
})

test('after a sell-out with all its refusals the API goes on', async () => {
  for (const { url } of servers) assert.equal((await fetch(`${url}/readyz`)).status, 200)
})
