import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startApp } from '../../../test/support/app.ts'
import { factories } from '../../../test/support/factories.ts'
import { password, people } from '../../../test/support/people.ts'

const started = await startApp({}, { auth: 'on' })
const { call, deps } = started
const { aBooking, anEvent } = factories(deps)
const { signedIn, signIn } = people(started)
const admin = await signedIn('admin')
const users = '/api/v2/users'
const ani = { name: 'Ani', email: 'Ani@example.com', password: 'password123', role: 'customer' }

test('every field that is wrong is named, in words that help', async () => {
  const wrong = { name: ' ', email: 'ani', password: 'short', role: 'admin', is_admin: true }
  const { status, body } = await call('POST', users, wrong)
  assert.deepEqual([status, body.code], [400, 'invalid_request'])
  const named: string[] = body.errors.map(
    ({ pointer, detail }: { pointer: string; detail: string }) => `${pointer}: ${detail}`,
  )
  assert.deepEqual(named.toSorted(), [
    '/email: email must be an email address',
    '/is_admin: is_admin is not known here',
    '/name: name is required',
    '/password: password must be at least 8 characters long',
    '/role: role must be one of customer, organizer',
  ])
})

test('a registration that is sent again with its key is answered again', async () => {
  const key = { 'idempotency-key': 'ani' }
  const first = await call('POST', users, ani, key)
  assert.deepEqual([first.status, first.headers['location']], [201, `${users}/${first.body.id}`])
  const again = await call('POST', users, ani, key)
  assert.deepEqual([again.status, again.body, again.headers['idempotency-replayed']], [201, first.body, 'true'])
  const other = await call('POST', users, { ...ani, name: 'Budi' }, key)
  assert.deepEqual([other.status, other.body.code], [422, 'idempotency_key_reused'])
  assert.equal((await call('POST', users, ani)).body.code, 'email_already_exists')
})

test('a new password is news of the account, and no change that another one is held against', async () => {
  const someone = await signedIn('customer')
  const path = `${users}/${someone.id}`
  const { etag } = (await someone.call('GET', path)).headers as { etag: string }
  assert.equal((await someone.call('GET', path, undefined, { 'if-none-match': etag })).status, 304)
  const passwords = { current_password: password, new_password: 'another password' }
  assert.equal((await someone.call('POST', '/api/v2/auth/password', passwords)).status, 204)
  assert.equal((await someone.call('GET', path, undefined, { 'if-none-match': etag })).status, 200)
  assert.equal((await someone.call('PATCH', path, { name: 'B' }, { 'if-match': etag })).status, 200)
})

test('a registration that is sent again with another password is another one', async () => {
  const key = { 'idempotency-key': 'same' }
  const someone = { ...ani, email: 'same@example.com' }
  assert.equal((await call('POST', users, someone, key)).status, 201)
  const other = await call('POST', users, { ...someone, password: 'another password' }, key)
  assert.deepEqual([other.status, other.body.code], [422, 'idempotency_key_reused'])
  assert.equal((await call('POST', users, { ...someone, email: 'SAME@example.com' }, key)).status, 422)
  assert.equal((await call('POST', users, someone, key)).headers['idempotency-replayed'], 'true')
})

test('keys of visitors are told apart by who they register', async () => {
  const key = { 'idempotency-key': '1' }
  for (const email of ['one@example.com', 'two@example.com']) {
    const { status, body } = await call('POST', users, { ...ani, email }, key)
    assert.deepEqual([status, body.email], [201, email])
  }
})

test('a password is not guessed by a registration that is sent again', async () => {
  const key = { 'idempotency-key': 'guess' }
  const someone = { ...ani, email: 'guess@example.com' }
  await call('POST', users, someone, key)
  const statuses: number[] = []
  for (let guess = 0; guess < 11; guess++) {
    statuses.push((await call('POST', users, { ...someone, password: `guess number ${guess}` }, key)).status)
  }
  assert.deepEqual([statuses[0], statuses.at(-1)], [422, 429])
})

test('who changes an account must have read it', async () => {
  const someone = await signedIn('customer')
  const path = `${users}/${someone.id}`
  const { etag } = (await someone.call('GET', path)).headers as { etag: string }
  assert.equal((await someone.call('PATCH', path, { name: 'B' })).body.code, 'precondition_required')
  const changed = await someone.call('PATCH', path, { name: 'B' }, { 'if-match': etag })
  assert.deepEqual([changed.status, changed.body.name], [200, 'B'])
  assert.notEqual(changed.headers['etag'], etag)
  assert.equal(
    (await someone.call('PATCH', path, { name: 'C' }, { 'if-match': etag })).body.code,
    'precondition_failed',
  )
  for (const field of ['password', 'id', 'nonsense']) {
    const { body } = await someone.call('PATCH', path, { [field]: 'x' }, { 'if-match': '*' })
    assert.equal(body.errors[0].pointer, `/${field}`)
  }
  const role = await someone.call('PATCH', path, { role: 'organizer' }, { 'if-match': '*' })
  assert.equal(role.body.code, 'role_not_yours_to_change')
  assert.equal((await admin.call('PATCH', path, { role: 'organizer' }, { 'if-match': '*' })).body.role, 'organizer')
})

test('nobody sees anybody but themselves, and an admin everybody', async () => {
  const someone = await signedIn('customer')
  assert.equal((await someone.call('GET', `${users}/${admin.id}`)).body.code, 'user_not_found')
  assert.equal((await someone.call('GET', users)).body.code, 'forbidden')
  assert.equal((await admin.call('GET', `${users}/${someone.id}`)).body.email, someone.email)
  const admins = (await admin.call('GET', `${users}?role=admin`)).body.items
  assert.deepEqual(
    admins.map(({ id }: { id: number }) => id),
    [admin.id],
  )
})

test('an account is deleted as it was read, where that is asked for', async () => {
  const someone = await signedIn('customer')
  const path = `${users}/${someone.id}`
  const tag = String((await someone.call('GET', path)).headers['etag'])
  await someone.call('PATCH', path, { name: 'B' }, { 'if-match': tag })
  assert.equal((await someone.call('DELETE', path, undefined, { 'if-match': tag })).body.code, 'precondition_failed')
  assert.equal((await someone.call('DELETE', path, undefined, { 'if-match': '*' })).status, 204)
})

test('a deleted account is restored by an admin, with its email if it is free', async () => {
  const someone = await signedIn('customer')
  const path = `${users}/${someone.id}`
  assert.equal((await someone.call('DELETE', path)).status, 204)
  assert.equal((await someone.call('GET', path)).status, 401)
  const restore = () => admin.call('POST', `${path}/restoration`)
  const usurper = await call('POST', users, { ...ani, email: someone.email })
  assert.equal((await restore()).body.code, 'email_already_exists')
  await admin.call('DELETE', `${users}/${usurper.body.id}`)
  assert.equal((await restore()).status, 200)
  assert.equal((await restore()).body.code, 'nothing_to_restore')
  assert.equal((await signIn(someone.id, someone.email)).id, someone.id)
})

test('a person gets all that is stored on them, and no secret', async () => {
  const someone = await signedIn('customer')
  await aBooking({ customer_id: someone.id, quantity: 2 })
  const { status, headers, body, text } = await someone.call('GET', `${users}/${someone.id}/export`)
  assert.equal(status, 200)
  assert.match(String(headers['content-disposition']), /^attachment; filename="karcis-user-\d+\.json"$/)
  assert.deepEqual([body.complete, body.bookings.length, body.tickets.length, body.sessions.length], [true, 1, 2, 1])
  assert.doesNotMatch(text, /password_hash|token_hash|key_hash|\$2b\$/)
  for (const moment of [body.user.created_at, body.bookings[0].created_at, body.sessions[0].expires_at]) {
    assert.match(moment, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
  }
  assert.doesNotMatch(text, /":"\d{4}-\d\d-\d\d \d\d:/)
  assert.equal((await someone.call('GET', `${users}/${admin.id}/export`)).body.code, 'user_not_found')
})

test('a person is erased once and for good; the bookings stay', async () => {
  const someone = await signedIn('customer')
  const booking = await aBooking({ customer_id: someone.id })
  const erase = () => someone.call('POST', `${users}/${someone.id}/erasure`, undefined, { 'idempotency-key': 'erase' })
  assert.equal((await erase()).status, 204)
  assert.equal((await erase()).status, 401)
  assert.equal((await admin.call('POST', `${users}/${someone.id}/restoration`)).body.code, 'nothing_to_restore')
  assert.equal((await admin.call('GET', `/api/v2/bookings/${booking.id}`)).body.customer_id, someone.id)
  const everything = (await admin.call('GET', '/api/v2/audit-entries?limit=100')).text
  assert.ok(!everything.includes(someone.email))
})

test('an organizer with events is not erased', async () => {
  const organizer = await signedIn('organizer')
  await anEvent({ organizer_id: organizer.id })
  const { body } = await organizer.call('POST', `${users}/${organizer.id}/erasure`)
  assert.equal(body.code, 'organizer_has_events')
})
