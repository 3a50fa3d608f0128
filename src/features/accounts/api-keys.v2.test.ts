import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startApp } from '../../../test/support/app.ts'
import { factories } from '../../../test/support/factories.ts'
import { people } from '../../../test/support/people.ts'

const started = await startApp({}, { auth: 'on' })
const { call } = started
const { aBooking, aCustomer, anEvent } = factories(started.deps)
const { signedIn } = people(started)
const organizer = await signedIn('organizer')
const event = await anEvent({ organizer_id: organizer.id })
const keys = '/api/v2/api-keys'

async function withKey(...scopes: string[]) {
  const { status, body } = await organizer.call('POST', keys, { name: 'Box office', scopes })
  assert.equal(status, 201)
  const headers = { authorization: `Bearer ${body.secret}` }
  const ask = (method: string, path: string, body?: unknown) => call(method, `/api/v2${path}`, body, headers)
  return { id: body.id as number, secret: body.secret as string, ask }
}

test('the key itself is shown once, and begins as its prefix', async () => {
  const key = { 'idempotency-key': 'my-key' }
  const made = await organizer.call('POST', keys, { name: 'Once', scopes: ['read'] }, key)
  assert.ok(made.body.secret.startsWith(made.body.prefix) && made.body.secret.length > 40)
  const again = await organizer.call('POST', keys, { name: 'Once', scopes: ['read'] }, key)
  assert.deepEqual(
    [again.headers['idempotency-replayed'], again.body.secret, again.body.id],
    ['true', null, made.body.id],
  )
  const listed = await organizer.call('GET', keys)
  assert.ok(!listed.text.includes(made.body.secret))
  assert.deepEqual(listed.body.items[0].scopes, ['read'])
})

test('no key is good for nothing, for what there is not, or for the same twice', async () => {
  for (const scopes of [[], ['admin'], ['read', 'read'], 'read', [null]]) {
    const { status, body } = await organizer.call('POST', keys, { name: 'x', scopes })
    assert.deepEqual([status, body.code], [400, 'invalid_request'])
    assert.match(body.errors[0].pointer, /^\/scopes/)
  }
})

test('a key does what its scopes say, and no more', async () => {
  const customer_id = (await aCustomer()).id
  const order = { customer_id, event_id: event.id, quantity: 1 }
  const foreign = await anEvent()
  const [read, sell, door] = [await withKey('read'), await withKey('sell'), await withKey('check-in')]
  const booked = await sell.ask('POST', '/bookings', order)
  assert.equal(booked.status, 201)
  const elsewhere = await sell.ask('POST', '/bookings', { ...order, event_id: foreign.id })
  assert.equal(elsewhere.body.code, 'event_not_found')
  const { body } = await read.ask('GET', `/bookings/${booked.body.id}/tickets`)
  const use = `/tickets/${body.items[0].id}/use`
  for (const [who, method, path, sent] of [
    [read, 'POST', '/bookings', order],
    [read, 'POST', use, undefined],
    [read, 'POST', keys.replace('/api/v2', ''), { name: 'x', scopes: ['sell'] }],
    [read, 'DELETE', `/events/${event.id}`, undefined],
    [sell, 'GET', '/bookings', undefined],
    [sell, 'POST', use, undefined],
    [door, 'GET', '/tickets', undefined],
    [door, 'POST', '/bookings', order],
  ] as const) {
    const answer = await who.ask(method, path, sent)
    assert.deepEqual([answer.status, answer.body.code], [403, 'scope_missing'], `${method} ${path}`)
  }
  assert.equal((await door.ask('POST', use)).status, 200)
  assert.equal((await read.ask('GET', '/auth/me')).body.id, organizer.id)
})

test('a key sees what its owner sees', async () => {
  const foreign = await aBooking()
  const { ask } = await withKey('read')
  assert.equal((await ask('GET', `/bookings/${foreign.id}`)).body.code, 'booking_not_found')
})

test('a revoked key is good for nothing, at once', async () => {
  const { id, ask } = await withKey('read')
  assert.equal((await ask('GET', '/bookings')).status, 200)
  const stranger = await signedIn('organizer')
  assert.equal((await stranger.call('DELETE', `${keys}/${id}`)).body.code, 'api_key_not_found')
  assert.equal((await organizer.call('DELETE', `${keys}/${id}`)).status, 204)
  const refused = await ask('GET', '/bookings')
  assert.deepEqual([refused.status, refused.body.code], [401, 'invalid_token'])
  assert.equal((await organizer.call('DELETE', `${keys}/${id}`)).body.code, 'api_key_not_found')
  const { items } = (await organizer.call('GET', keys)).body
  assert.ok(!items.some((key: { id: number }) => key.id === id))
})

test('customers have no keys, and nobody more than fifty', async () => {
  const customer = await signedIn('customer')
  assert.equal((await customer.call('POST', keys, { name: 'x', scopes: ['read'] })).body.code, 'forbidden')
  const busy = await signedIn('organizer')
  const make = () => busy.call('POST', keys, { name: 'x', scopes: ['read'] })
  for (let n = 0; n < 50; n++) assert.equal((await make()).status, 201)
  assert.deepEqual([(await make()).status, (await make()).body.code], [409, 'too_many_api_keys'])
})
