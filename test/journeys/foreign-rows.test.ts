import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { User } from '../../src/features/users/users.sql.ts'
import { bearer, password } from '../support/access-ground.ts'
import { startApp } from '../support/app.ts'
import { factories } from '../support/factories.ts'

/** What is in version 2 alone, asked for by those whose it is not. */
const { app, call, deps } = await startApp({}, { auth: 'on' })
const make = factories(deps)

async function signedIn(user: User) {
  const { body } = await call('POST', '/api/v1/auth/login', { email: user.email, password })
  const own = bearer(body.data.access_token as string)
  return async (method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, payload?: object, headers?: object) => {
    const answer = await app.inject({
      method,
      url: `/api/v2${path}`,
      headers: { ...own, ...headers },
      ...(payload && { payload }),
    })
    return { status: answer.statusCode, body: answer.body === '' ? undefined : answer.json() }
  }
}

const [owner, rival] = [await make.anOrganizer(), await make.anOrganizer()]
const [buyer, other] = [await make.aCustomer(), await make.aCustomer()]
const event = await make.anEvent({ organizer_id: owner.id })
const booking = await make.aBooking({ event_id: event.id, customer_id: buyer.id })
const as = {
  owner: await signedIn(owner),
  rival: await signedIn(rival),
  buyer: await signedIn(buyer),
  other: await signedIn(other),
}
const invitation = { email: 'door@example.com', name: 'Door' }
const asMuch = { 'if-match': '*' }
const key = (await as.owner('POST', '/api-keys', { name: 'Box office', scopes: ['sell'] })).body
const door = (await as.owner('POST', `/events/${event.id}/staff`, invitation)).body

for (const [who, method, path, status, body, headers] of [
  ['rival', 'PATCH', `/events/${event.id}`, 403, { title: 'Mine' }, asMuch],
  ['rival', 'DELETE', `/events/${event.id}`, 403],
  ['rival', 'GET', `/events/${event.id}/staff`, 403],
  ['rival', 'POST', `/events/${event.id}/staff`, 403, invitation],
  ['rival', 'DELETE', `/events/${event.id}/staff/${door.user_id}`, 403],
  ['rival', 'DELETE', `/api-keys/${key.id}`, 404],
  ['rival', 'DELETE', `/bookings/${booking.id}`, 404],
  ['rival', 'GET', `/bookings/${booking.id}/tickets`, 404],
  ['other', 'GET', `/bookings/${booking.id}/tickets`, 404],
  ['other', 'GET', `/bookings/${booking.id}`, 404],
  ['other', 'GET', `/users/${buyer.id}`, 404],
  ['other', 'PATCH', `/users/${buyer.id}`, 404, { name: 'Mine' }, asMuch],
  ['other', 'GET', `/users/${buyer.id}/export`, 404],
  ['other', 'POST', `/users/${buyer.id}/erasure`, 404],
  ['other', 'POST', `/users/${buyer.id}/restoration`, 403],
  ['other', 'PATCH', `/users/${other.id}`, 403, { role: 'organizer' }, asMuch],
  ['other', 'PATCH', `/users/${other.id}`, 400, { role: 'admin' }, asMuch],
  ['other', 'PATCH', `/users/${other.id}`, 400, { id: 1, version: 1 }, asMuch],
  ['other', 'GET', '/audit-entries', 403],
  ['other', 'GET', '/api-keys', 403],
] as const) {
  test(`${method} ${path} of another is ${status} for the ${who}`, async () => {
    const answer = await as[who](method, path, body, headers)
    assert.equal(answer.status, status, JSON.stringify(answer.body))
  })
}

test('an organizer reads the history of their own events alone, whatever it is narrowed to, and no addresses', async () => {
  const mine = await as.owner('GET', '/audit-entries')
  assert.ok(mine.body.items.some(({ action }: { action: string }) => action === 'booking_created'))
  assert.ok(mine.body.items.every(({ address }: { address: string | null }) => address === null))
  for (const filter of ['', `organizer_id=${owner.id}`, `actor_id=${owner.id}`, `entity=booking`]) {
    assert.deepEqual((await as.rival('GET', `/audit-entries?${filter}`)).body.items, [], filter)
  }
})

test('lists of keys have own keys alone, and never the key itself', async () => {
  const { items } = (await as.owner('GET', '/api-keys')).body
  assert.deepEqual(
    items.map(({ id, secret }: { id: number; secret?: string }) => [id, secret]),
    [[key.id, undefined]],
  )
  assert.deepEqual((await as.rival('GET', '/api-keys')).body.items, [])
})

test('the cursor of another leads to own rows alone', async () => {
  await make.aBooking({ event_id: event.id, customer_id: buyer.id })
  const { next_cursor } = (await as.buyer('GET', '/bookings?limit=1')).body
  assert.equal(typeof next_cursor, 'string')
  assert.deepEqual((await as.other('GET', `/bookings?cursor=${next_cursor}`)).body.items, [])
})

test('an Idempotency-Key of another gives nobody their answer', async () => {
  const headers = { 'idempotency-key': 'the-same' }
  const order = { event_id: event.id, quantity: 1 }
  const first = await as.buyer('POST', '/bookings', order, headers)
  const second = await as.other('POST', '/bookings', order, headers)
  assert.deepEqual([first.body.customer_id, second.body.customer_id], [buyer.id, other.id])
  assert.notEqual(first.body.id, second.body.id)
})
