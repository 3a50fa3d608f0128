import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openAccounts } from '../../src/features/accounts/accounts.ts'
import { removeBooking, restoreBooking } from '../../src/features/bookings/remove-booking.ts'
import { removeEvent, restoreEvent } from '../../src/features/events/remove-event.ts'
import { changeUser } from '../../src/features/users/change-user.ts'
import { eraseDeletedUsers, eraseUser } from '../../src/features/users/erase-user.ts'
import { removeUser, restoreUser } from '../../src/features/users/remove-user.ts'
import { anyone, type Caller } from '../../src/lib/caller.ts'
import { anApiKey, bearer, password } from '../support/access-ground.ts'
import { startApp } from '../support/app.ts'
import { assertBooksBalance } from '../support/books.ts'
import { factories } from '../support/factories.ts'

const day_ms = 24 * 60 * 60_000
let later_ms = 0

const { call, deps } = await startApp({ now: () => new Date(Date.now() + later_ms) }, { auth: 'on' })
const make = factories(deps)
const accounts = openAccounts(deps)
const { db } = deps.database

const signIn = (email: string) => call('POST', '/api/v1/auth/login', { email, password })
const admin = await make.anAdmin()
const headers = bearer((await signIn(admin.email)).body.data.access_token)
const asAdmin: Caller = { ...anyone, role: 'admin', user_id: admin.id, request_id: 'r', address: '192.0.2.9' }
const as = (user: { id: number; role: Caller['role'] }): Caller => ({ ...asAdmin, role: user.role, user_id: user.id })
const get = (path: string) => call('GET', `/api/v1${path}`, undefined, headers)
const idsOf = async (path: string) => ((await get(path)).body.data as { id: number }[]).map(({ id }) => id)
const refusedWith = (code: string) => ({ name: 'DomainError', code })

test('a deleted user is gone from every answer, their email is free, and they come back as they were', async () => {
  const user = await make.aCustomer()
  const key = await anApiKey(deps, user.id, ['read'])
  const pair = (await signIn(user.email)).body.data
  await removeUser(deps, accounts, as(user), user.id)

  assert.equal((await get(`/users/${user.id}`)).status, 404)
  assert.ok(!(await idsOf('/users?limit=200')).includes(user.id))
  assert.equal((await signIn(user.email)).status, 401)
  assert.equal((await call('POST', '/auth/refresh', { refresh_token: pair.refresh_token })).status, 401)
  assert.equal((await call('PUT', `/users/${user.id}`, { name: 'x' }, headers)).status, 404)
  assert.equal((await call('DELETE', `/users/${user.id}`, undefined, headers)).status, 404)
  const order = { customer_id: user.id, event_id: (await make.anEvent()).id, quantity: 1 }
  assert.equal((await call('POST', '/bookings', order, headers)).body.error, 'customer not found')

  const back = await restoreUser(deps, asAdmin, user.id)
  assert.deepEqual([back.id, back.name, back.email, back.deleted_at], [user.id, user.name, user.email, null])
  assert.equal((await get(`/users/${user.id}`)).status, 200)
  assert.equal((await signIn(user.email)).status, 200)
  for (const old of [key, pair.access_token as string]) {
    assert.equal((await call('GET', '/auth/me', undefined, bearer(old))).status, 401, 'what was ended stays so')
  }
  await assert.rejects(restoreUser(deps, asAdmin, user.id), refusedWith('nothing_to_restore'))
})

test('a deleted user does not come back when somebody else has their email', async () => {
  const user = await make.aCustomer()
  await removeUser(deps, accounts, asAdmin, user.id)
  const heir = { name: 'Heir', email: user.email.toUpperCase(), password, role: 'customer' }
  assert.equal((await call('POST', '/users/register', heir)).status, 201)
  await assert.rejects(restoreUser(deps, asAdmin, user.id), refusedWith('email_already_exists'))
})

test('who has bookings or events is not deleted; with theirs deleted, they are', async () => {
  const booking = await make.aBooking()
  const { customer_id, event_id, organizer_id } = booking
  await assert.rejects(removeUser(deps, accounts, asAdmin, customer_id), refusedWith('user_has_bookings'))
  await assert.rejects(removeUser(deps, accounts, asAdmin, organizer_id), refusedWith('organizer_has_events'))
  await assert.rejects(removeEvent(deps, asAdmin, event_id), refusedWith('event_has_bookings'))
  await removeBooking(deps, asAdmin, booking.id)
  await removeEvent(deps, asAdmin, event_id)
  await removeUser(deps, accounts, asAdmin, customer_id)
  await removeUser(deps, accounts, asAdmin, organizer_id)

  // Back in the order in which they need each other.
  await assert.rejects(restoreBooking(deps, asAdmin, booking.id), refusedWith('customer_not_found'))
  await assert.rejects(restoreEvent(deps, asAdmin, event_id), refusedWith('organizer_not_found'))
  await restoreUser(deps, asAdmin, customer_id)
  await assert.rejects(restoreBooking(deps, asAdmin, booking.id), refusedWith('event_not_found'))
  await restoreUser(deps, asAdmin, organizer_id)
  await restoreEvent(deps, asAdmin, event_id)
  await restoreBooking(deps, asAdmin, booking.id)
  assert.equal((await get(`/bookings/${booking.id}`)).status, 200)
  await assertBooksBalance(db)
})

test('a deleted event is gone from every answer, and comes back with its sale closed', async () => {
  const event = await make.anEvent()
  const customer = await make.aCustomer()
  const order = { customer_id: customer.id, event_id: event.id, quantity: 1 }
  await removeEvent(deps, asAdmin, event.id)
  assert.equal((await get(`/events/${event.id}`)).status, 404)
  assert.ok(!(await idsOf('/events?limit=200')).includes(event.id))
  assert.equal((await call('POST', '/bookings', order, headers)).body.error, 'event not found')
  assert.equal((await call('PUT', `/events/${event.id}`, { title: 'T', location: 'L' }, headers)).status, 404)
  await restoreEvent(deps, asAdmin, event.id)
  const back = (await get(`/events/${event.id}`)).body.data
  assert.deepEqual([back.title, back.available_seat, back.status], [event.title, event.capacity, 'unavailable'])
  assert.equal((await call('POST', '/bookings', order, headers)).body.error, 'event is not available')
  await assert.rejects(restoreEvent(deps, asAdmin, event.id), refusedWith('nothing_to_restore'))
})

test('a deleted booking and its tickets are gone from every answer, its seats are free, and all comes back', async () => {
  const event = await make.anEvent({ capacity: 3 })
  const { id, customer_id, organizer_id } = await make.aBooking({ event_id: event.id, quantity: 2 })
  const before = (await get(`/bookings/${id}`)).body.data
  const ticket = before.tickets[0].id as number
  const seats = async () => (await get(`/events/${event.id}`)).body.data.available_seat as number

  await assert.rejects(
    removeBooking(deps, as({ id: customer_id, role: 'customer' }), id),
    refusedWith('booking_not_found'),
  )
  await assert.rejects(removeBooking(deps, as(await make.anOrganizer()), id), refusedWith('booking_not_found'))
  await removeBooking(deps, as({ id: organizer_id, role: 'organizer' }), id)
  assert.equal(await seats(), 3)
  assert.equal((await get(`/bookings/${id}`)).status, 404)
  assert.equal((await get(`/tickets/${ticket}`)).status, 404)
  assert.equal((await call('PUT', `/tickets/${ticket}/use`, undefined, headers)).status, 404)
  assert.deepEqual(await idsOf(`/bookings?event_id=${event.id}`), [])
  assert.deepEqual(await idsOf(`/tickets?event_id=${event.id}`), [])
  await assert.rejects(removeBooking(deps, asAdmin, id), refusedWith('booking_not_found'))
  await assertBooksBalance(db)

  await restoreBooking(deps, asAdmin, id)
  assert.equal(await seats(), 1)
  const after = (await get(`/bookings/${id}`)).body.data
  assert.deepEqual(after.tickets, before.tickets)
  await assert.rejects(restoreBooking(deps, asAdmin, id), refusedWith('nothing_to_restore'))
  await assertBooksBalance(db)
})

test('a deleted booking does not come back when its seats have been sold', async () => {
  const event = await make.anEvent({ capacity: 2 })
  const { id } = await make.aBooking({ event_id: event.id, quantity: 2 })
  await removeBooking(deps, asAdmin, id)
  await make.aBooking({ event_id: event.id, quantity: 1 })
  await assert.rejects(restoreBooking(deps, asAdmin, id), refusedWith('not_enough_seats'))
  assert.equal((await get(`/bookings/${id}`)).status, 404)
  await assertBooksBalance(db)
})

test('a booking of which somebody has come in stays', async () => {
  const { id } = await make.aBooking({ quantity: 2 })
  const { tickets } = (await get(`/bookings/${id}`)).body.data
  await call('PUT', `/tickets/${tickets[1].id}/use`, undefined, headers)
  await assert.rejects(removeBooking(deps, asAdmin, id), refusedWith('booking_has_used_tickets'))
  assert.equal((await get(`/bookings/${id}`)).body.data.tickets.length, 2)
  await assertBooksBalance(db)
})

test('what comes back comes back to who may have it: not to one who has another role now', async () => {
  const booking = await make.aBooking()
  const { customer_id, event_id, organizer_id } = booking
  await removeBooking(deps, asAdmin, booking.id)
  await changeUser(deps, accounts, asAdmin, customer_id, { role: 'organizer' })
  await assert.rejects(restoreBooking(deps, asAdmin, booking.id), refusedWith('not_a_customer'))
  await removeEvent(deps, asAdmin, event_id)
  await changeUser(deps, accounts, asAdmin, organizer_id, { role: 'customer' })
  await assert.rejects(restoreEvent(deps, asAdmin, event_id), refusedWith('not_an_organizer'))
})

/** All that the database holds of one person, in whichever table. */
async function rowsOf(id: number) {
  const user = await db.selectFrom('user').selectAll().where('id', '=', id).executeTakeFirstOrThrow()
  const tickets = await db
    .selectFrom('ticket')
    .innerJoin('booking', 'booking.id', 'ticket.booking_id')
    .selectAll('ticket')
    .where('booking.customer_id', '=', id)
    .execute()
  const history = await db
    .selectFrom('audit_entry')
    .selectAll()
    .where(({ or, eb, and }) =>
      or([eb('actor_id', '=', id), and([eb('entity_id', '=', id), eb('entity', 'in', ['user', 'session'])])]),
    )
    .execute()
  const answers = await db.selectFrom('idempotency_key').selectAll().where('scope', '=', `user ${id}`).execute()
  return { user, tickets, history, answers }
}

async function somebodyWithAPast() {
  const body = { name: 'Siti Nurhaliza', email: `siti.${Math.random()}@example.com`, password, role: 'customer' }
  const { id } = (await call('POST', '/users/register', body)).body.data as { id: number }
  const user = { id, role: 'customer' as const, email: body.email }
  await call('POST', '/auth/login', { email: user.email, password: 'wrong password' })
  await call('POST', '/auth/forgot', { email: user.email })
  const own = bearer((await signIn(user.email)).body.data.access_token)
  await call('PUT', `/users/${id}`, { name: 'Siti N.' }, own)
  const order = { event_id: (await make.anEvent()).id, quantity: 2, holder_names: ['Siti Nurhaliza', 'Datuk'] }
  const booked = await call('POST', '/bookings', order, { ...own, 'idempotency-key': `key ${id}`.replace(' ', '-') })
  assert.equal(booked.status, 201)
  return { user, booking: booked.body.data as { id: number } }
}

async function assertErased(id: number): Promise<void> {
  const { user, tickets, history, answers } = await rowsOf(id)
  const { name, email, password_hash } = user
  assert.deepEqual(
    { name, email, password_hash },
    { name: 'Deleted user', email: `deleted-${id}@invalid`, password_hash: '' },
  )
  assert.ok(user.erased_at && user.deleted_at)
  assert.doesNotMatch(JSON.stringify({ user, tickets, history }), /siti|nurhaliza|datuk/i)
  assert.deepEqual(answers, [])
  const addresses = history.filter(({ address, actor_id }) => address !== null && actor_id !== admin.id)
  assert.deepEqual(addresses, [], 'from where they came')
  assert.equal(history.filter(({ action }) => action === 'user_erased').length, 1)
}

test('who has themselves erased leaves bookings and sums, and nothing that names them or where they came from', async () => {
  const { user, booking } = await somebodyWithAPast()
  await assert.rejects(eraseUser(deps, accounts, as(await make.aCustomer()), user.id), refusedWith('user_not_found'))
  await eraseUser(deps, accounts, as(user), user.id)
  await assertErased(user.id)
  assert.equal((await get(`/bookings/${booking.id}`)).body.data.tickets.length, 2)
  assert.equal((await get(`/users/${user.id}`)).status, 404)
  assert.equal((await signIn(user.email)).status, 401)
  await assert.rejects(restoreUser(deps, asAdmin, user.id), refusedWith('nothing_to_restore'))
  await assert.rejects(eraseUser(deps, accounts, as(user), user.id), refusedWith('user_not_found'))
  await assert.rejects(eraseUser(deps, accounts, asAdmin, user.id), refusedWith('user_not_found'))
  const again = { name: 'New', email: user.email, password, role: 'customer' }
  assert.equal((await call('POST', '/users/register', again)).status, 201)
  await assertBooksBalance(db)
})

test('an admin erases for somebody, and that is who did it', async () => {
  const { user } = await somebodyWithAPast()
  await eraseUser(deps, accounts, asAdmin, user.id)
  await assertErased(user.id)
  const { history } = await rowsOf(user.id)
  const { actor, actor_id, address } = history.find(({ action }) => action === 'user_erased')!
  assert.deepEqual([actor, actor_id, address], ['admin', admin.id, '192.0.2.9'])
})

test('who still sells is not erased', async () => {
  const { organizer_id } = await make.anEvent()
  await assert.rejects(eraseUser(deps, accounts, asAdmin, organizer_id), refusedWith('organizer_has_events'))
})

test('who was deleted is erased after so many days, and not before', async () => {
  const { user, booking } = await somebodyWithAPast()
  await removeBooking(deps, asAdmin, booking.id)
  await removeUser(deps, accounts, asAdmin, user.id)
  later_ms = 29 * day_ms
  await eraseDeletedUsers(deps, 30)
  assert.equal((await rowsOf(user.id)).user.name, 'Siti N.')
  later_ms = 30 * day_ms + 1_000
  assert.ok((await eraseDeletedUsers(deps, 30)) >= 1)
  await assertErased(user.id)
  assert.equal(await eraseDeletedUsers(deps, 30), 0)
  later_ms = 0
})

test('who is restored while the deleted are being erased is restored whole, or erased', async () => {
  for (let round = 0; round < 5; round++) {
    later_ms = 0
    const user = await make.aCustomer()
    await removeUser(deps, accounts, asAdmin, user.id)
    later_ms = 31 * day_ms
    const [restored, erased] = await Promise.allSettled([
      restoreUser(deps, asAdmin, user.id),
      eraseDeletedUsers(deps, 30),
      eraseDeletedUsers(deps, 30),
    ])
    assert.equal(erased.status, 'fulfilled')
    const { user: row, history } = await rowsOf(user.id)
    const isWhole = restored.status === 'fulfilled'
    assert.deepEqual(
      [row.name === user.name, row.erased_at === null, row.deleted_at === null],
      [isWhole, isWhole, isWhole],
    )
    assert.equal(history.filter(({ action }) => action === 'user_erased').length, isWhole ? 0 : 1)
  }
  later_ms = 0
})
