import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startApp } from '../../../test/support/app.ts'
import { assertBooksBalance } from '../../../test/support/books.ts'
import { factories } from '../../../test/support/factories.ts'

const codes: string[] = []
let draws = 0
const { call, deps } = await startApp({ newCode: () => codes.shift() ?? `C${String(++draws).padStart(7, '0')}` })
const { aBooking } = factories(deps)

async function aTicket(): Promise<number> {
  const { id } = await aBooking()
  const { body } = await call('GET', `/bookings/${id}`)
  return body.data.tickets[0].id
}

test('a ticket is used once', async () => {
  const id = await aTicket()
  const used = await call('PUT', `/api/v1/tickets/${id}/use`)
  assert.deepEqual([used.status, used.body.message], [200, 'ticket marked as used successfully'])
  assert.equal(used.body.data.status, 'used')
  const again = await call('PUT', `/tickets/${id}/use`)
  assert.deepEqual([again.status, again.body.error], [400, 'ticket has already been used'])
  const read = await call('GET', `/tickets/${id}`)
  assert.deepEqual([read.body.message, read.body.data], ['ticket retrieved successfully', used.body.data])
})

test('a client may send its content type without a body', async () => {
  const id = await aTicket()
  const { status } = await call('PUT', `/tickets/${id}/use`, '', { 'content-type': 'application/json' })
  assert.equal(status, 200)
})

test('an unknown ticket is 404, a bad id 400', async () => {
  for (const [method, path] of [
    ['GET', ''],
    ['PUT', '/use'],
  ] as const) {
    assert.equal((await call(method, `/tickets/999999${path}`)).body.error, 'ticket not found')
    assert.equal((await call(method, `/tickets/0${path}`)).body.error, 'invalid ticket id')
  }
})

test('a code that clashes is drawn again, and the booking goes through', async () => {
  codes.push('CLASH000')
  await aBooking()
  codes.push('CLASH000', 'FRESH001', 'CLASH000')
  const { id } = await aBooking({ quantity: 2 })
  const { body } = await call('GET', `/bookings/${id}`)
  assert.equal(body.data.tickets.length, 2)
  await assertBooksBalance(deps.database.db)
})

test('a booking whose codes clash for ever fails whole, and takes no seat', async () => {
  codes.push('CLASH001')
  const { event_id, customer_id } = await aBooking()
  codes.push(...Array<string>(50).fill('CLASH001'))
  const { status, body } = await call('POST', '/bookings', { event_id, customer_id, quantity: 1 })
  codes.length = 0
  assert.deepEqual([status, body.error], [503, 'the server is busy, try again shortly'])
  await assertBooksBalance(deps.database.db)
})
