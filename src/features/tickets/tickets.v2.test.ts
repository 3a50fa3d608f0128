import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startApp } from '../../../test/support/app.ts'
import { factories } from '../../../test/support/factories.ts'
import { people } from '../../../test/support/people.ts'

const started = await startApp({}, { auth: 'on' })
const { aBooking, anEvent } = factories(started.deps)
const { signedIn } = people(started)
const organizer = await signedIn('organizer')
const customer = await signedIn('customer')
const event = await anEvent({ organizer_id: organizer.id })
const booking = await aBooking({ event_id: event.id, customer_id: customer.id, quantity: 3 })
const foreign = await aBooking()
const tickets = '/api/v2/tickets'

const list = async (query: string, who = organizer): Promise<number[]> =>
  (await who.call('GET', `${tickets}${query}`)).body.items.map(({ id }: { id: number }) => id)

test('a ticket says for which event it is', async () => {
  const [id] = await list('')
  const { body } = await customer.call('GET', `${tickets}/${id}`)
  assert.deepEqual([body.event_id, body.booking_id, body.status], [event.id, booking.id, 'unused'])
})

test('a name is put on the ticket that was read, where that is asked for', async () => {
  const [id] = await list('')
  const path = `${tickets}/${id}`
  const tag = String((await customer.call('GET', path)).headers['etag'])
  const rename = (holder_name: string, match: string) =>
    customer.call('PATCH', path, { holder_name }, { 'if-match': match })
  assert.equal((await rename('Ani', `"other", ${tag}`)).status, 200)
  for (const stale of [tag, '"1"', 'W/"1"', '"']) {
    assert.equal((await rename('Budi', stale)).body.code, 'precondition_failed', stale)
  }
  assert.equal((await rename('Citra', '*')).body.holder_name, 'Citra')
})

test('a scanner that lost the answer gets it again, and its guest in; another scanner does not', async () => {
  const [id] = await list('')
  const use = (headers = {}) => organizer.call('POST', `${tickets}/${id}/use`, undefined, headers)
  const first = await use({ 'idempotency-key': 'door-1' })
  assert.deepEqual([first.status, first.body.status], [200, 'used'])
  const again = await use({ 'idempotency-key': 'door-1' })
  assert.deepEqual([again.status, again.body, again.headers['idempotency-replayed']], [200, first.body, 'true'])
  for (const headers of [{}, { 'idempotency-key': 'door-2' }]) {
    const { status, body } = await use(headers)
    assert.deepEqual([status, body.code], [400, 'ticket_already_used'])
  }
  const [, other] = await list('')
  const reused = await organizer.call('POST', `${tickets}/${other}/use`, undefined, { 'idempotency-key': 'door-1' })
  assert.deepEqual([reused.status, reused.body.code], [422, 'idempotency_key_reused'])
})

test('of many scanners with one ticket, one lets its guest in', async () => {
  const [, , id] = await list('')
  const answers = await Promise.all(
    Array.from({ length: 8 }, (_, n) =>
      organizer.call('POST', `${tickets}/${id}/use`, undefined, { 'idempotency-key': `gate-${n}` }),
    ),
  )
  assert.deepEqual(
    answers.map(({ status }) => status).toSorted((a, b) => a - b),
    [200, 400, 400, 400, 400, 400, 400, 400],
  )
})

test('a customer uses no ticket, and nobody one of a foreign event', async () => {
  const [, id] = await list('')
  assert.equal((await customer.call('POST', `${tickets}/${id}/use`)).body.code, 'forbidden')
  const admin = await signedIn('admin')
  const [other] = await list(`?booking_id=${foreign.id}`, admin)
  assert.equal((await organizer.call('POST', `${tickets}/${other}/use`)).body.code, 'ticket_not_found')
  assert.equal((await organizer.call('GET', `${tickets}/${other}`)).body.code, 'ticket_not_found')
})

test('lists hold what is the caller’s, narrowed and in order', async () => {
  const all = await list('')
  assert.equal(all.length, 3)
  assert.deepEqual(await list('', customer), all)
  assert.deepEqual(await list('?sort=-id'), all.toReversed())
  assert.deepEqual(await list('?status=used'), [all[0], all[2]])
  assert.deepEqual(await list('?status=unused'), [all[1]])
  assert.deepEqual(await list(`?event_id=${event.id}&booking_id=${booking.id}`), all)
  assert.deepEqual(await list(`?customer_id=${foreign.customer_id}`), [])
  assert.deepEqual(await list(`?event_id=${foreign.event_id}`), [])
  assert.deepEqual(await list('?created_to=2001-01-01T00:00:00Z'), [])
})
