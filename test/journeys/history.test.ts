import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openAccounts } from '../../src/features/accounts/accounts.ts'
import { removeBooking, restoreBooking } from '../../src/features/bookings/remove-booking.ts'
import { removeEvent, restoreEvent } from '../../src/features/events/remove-event.ts'
import { changeUser } from '../../src/features/users/change-user.ts'
import { eraseUser } from '../../src/features/users/erase-user.ts'
import { removeUser, restoreUser } from '../../src/features/users/remove-user.ts'
import { anyone, type Caller } from '../../src/lib/caller.ts'
import { anApiKey, aTicketOf, bearer, password } from '../support/access-ground.ts'
import { startApp } from '../support/app.ts'
import { factories } from '../support/factories.ts'
import { passwordToken } from '../support/links.ts'

const { call, deps } = await startApp({}, { auth: 'on' })
const make = factories(deps)
const accounts = openAccounts(deps)
/** Whatever was secret during this run. */
const secrets = new Set([password])

const readHistory = () => deps.database.db.selectFrom('audit_entry').selectAll().orderBy('id').execute()

/** What a piece of work has left in the history. */
async function left<Result>(work: () => Promise<Result>) {
  const { length } = await readHistory()
  const result = await work()
  return { result, entries: (await readHistory()).slice(length) }
}

async function signedIn(user: { email: string }): Promise<{ access_token: string; refresh_token: string }> {
  const { body } = await call('POST', '/api/v1/auth/login', { email: user.email, password })
  secrets.add(body.data.access_token as string).add(body.data.refresh_token as string)
  return body.data
}

const admin = await make.anAdmin()
const asAdmin: Caller = { ...anyone, role: 'admin', user_id: admin.id, request_id: 'by-hand', address: '192.0.2.9' }
const organizer = await make.anOrganizer()
const customer = await make.aCustomer()
const tokens = {
  organizer: await signedIn(organizer),
  customer: await signedIn(customer),
  admin: await signedIn(admin),
}
const newEvent = {
  title: 'Konser',
  location: 'Jakarta',
  capacity: 5,
  price: 10,
  date: '2999-12-31T19:00:00Z',
}

type Expected = {
  actor: string
  actor_id: number | null
  action: string
  entity: string
  was?: object
  became?: object
}

/** A change, who makes it, and the one entry that it leaves. */
function leaves(
  name: string,
  path: string | (() => Promise<string>),
  body: unknown,
  by: keyof typeof tokens | 'visitor',
  expected: Expected | (() => Expected),
  status = 200,
): void {
  test(`${name} leaves one entry: who, what, and how it was and became`, async () => {
    const [method = '', url = ''] = (typeof path === 'string' ? path : await path()).split(' ')
    const given = typeof body === 'function' ? await (body as () => Promise<unknown>)() : body
    const headers = { 'x-request-id': 'request-7', ...(by !== 'visitor' && bearer(tokens[by].access_token)) }
    const { result, entries } = await left(() => call(method, `/api/v1${url}`, given, headers))
    assert.equal(result.status, status, result.text)
    assert.equal(entries.length, 1)
    const { id, at, entity_id, organizer_id, was, became, ...rest } = entries[0]!
    assert.ok(id > 0 && at !== '' && entity_id !== null)
    const { was: expectedWas, became: expectedBecame, ...who } = typeof expected === 'function' ? expected() : expected
    assert.deepEqual({ ...rest }, { ...who, api_key_id: null, request_id: 'request-7', address: '127.0.0.1' })
    assert.deepEqual(was === null ? undefined : JSON.parse(was), expectedWas)
    assert.deepEqual(became === null ? undefined : JSON.parse(became), expectedBecame)
    const isOfEvent = ['event', 'booking', 'ticket'].includes(rest.entity)
    assert.equal(organizer_id, isOfEvent ? organizer.id : null)
  })
}

const anEvent = () => make.anEvent({ organizer_id: organizer.id })
const aBooking = async () => make.aBooking({ event_id: (await anEvent()).id })
const by = {
  visitor: { actor: 'visitor', actor_id: null },
  organizer: { actor: 'organizer', actor_id: organizer.id },
  customer: { actor: 'customer', actor_id: customer.id },
  admin: { actor: 'admin', actor_id: admin.id },
}

const siti = { name: 'Siti', email: 'siti@example.com', role: 'customer' }
leaves(
  'registering',
  'POST /users/register',
  { ...siti, password },
  'visitor',
  { ...by.visitor, action: 'user_created', entity: 'user', became: siti },
  201,
)
leaves('a changed name', `PUT /users/${customer.id}`, { name: 'Another', email: customer.email }, 'customer', {
  ...by.customer,
  action: 'user_changed',
  entity: 'user',
  was: { name: customer.name },
  became: { name: 'Another' },
})
leaves(
  'a changed password of another',
  async () => `PUT /users/${(await make.aCustomer()).id}`,
  { password },
  'admin',
  {
    ...by.admin,
    action: 'user_changed',
    entity: 'user',
    was: {},
    became: { password: 'changed' },
  },
)
leaves('a deleted user', async () => `DELETE /users/${(await make.aCustomer()).id}`, undefined, 'admin', {
  ...by.admin,
  action: 'user_deleted',
  entity: 'user',
})
leaves(
  'a new event',
  'POST /events',
  newEvent,
  'organizer',
  {
    ...by.organizer,
    action: 'event_created',
    entity: 'event',
    became: { ...newEvent, date: '2999-12-31 19:00:00' },
  },
  201,
)
leaves(
  'a changed event',
  async () => `PUT /events/${(await anEvent()).id}`,
  { title: 'Konser', location: 'Bandung', capacity: 20, status: 'unavailable' },
  'organizer',
  {
    ...by.organizer,
    action: 'event_changed',
    entity: 'event',
    was: { location: 'Jakarta', capacity: 10, closed: 0 },
    became: { location: 'Bandung', capacity: 20, closed: 1 },
  },
)
leaves('a deleted event', async () => `DELETE /events/${(await anEvent()).id}`, undefined, 'organizer', {
  ...by.organizer,
  action: 'event_deleted',
  entity: 'event',
})
let booked = 0
leaves(
  'a booking',
  'POST /bookings',
  async () => ({ event_id: (booked = (await anEvent()).id), quantity: 2, holder_names: ['Ani', 'Budi'] }),
  'customer',
  () => ({
    ...by.customer,
    action: 'booking_created',
    entity: 'booking',
    became: { event_id: booked, customer_id: customer.id, quantity: 2, total_price: 100_000 },
  }),
  201,
)
leaves(
  'a used ticket',
  async () => `PUT /tickets/${await aTicketOf(deps, (await aBooking()).id)}/use`,
  undefined,
  'organizer',
  { ...by.organizer, action: 'ticket_used', entity: 'ticket' },
)
leaves('signing in', 'POST /auth/login', { email: customer.email, password }, 'visitor', {
  ...by.customer,
  action: 'signed_in',
  entity: 'session',
})
leaves(
  'a wrong password',
  'POST /auth/login',
  { email: customer.email, password: 'wrong password' },
  'visitor',
  { ...by.visitor, action: 'sign_in_failed', entity: 'session' },
  401,
)
leaves(
  'signing out',
  'POST /auth/logout',
  async () => ({ refresh_token: (await signedIn(customer)).refresh_token }),
  'visitor',
  { ...by.customer, action: 'signed_out', entity: 'session' },
)
leaves(
  'a stolen refresh token',
  'POST /auth/refresh',
  async () => {
    const { refresh_token } = await signedIn(customer)
    secrets.add((await call('POST', '/auth/refresh', { refresh_token })).body.data.refresh_token as string)
    return { refresh_token }
  },
  'visitor',
  { ...by.customer, action: 'refresh_token_reused', entity: 'session' },
  401,
)
leaves(
  'a chosen password',
  'POST /auth/reset',
  async () => {
    const token = await passwordToken(deps, organizer.email)
    secrets.add(token)
    return { token, new_password: password }
  },
  'visitor',
  { ...by.organizer, action: 'password_reset', entity: 'user' },
)
leaves('a changed password', 'POST /auth/password', { current_password: password, new_password: password }, 'admin', {
  ...by.admin,
  action: 'password_changed',
  entity: 'user',
})
leaves('leaving everywhere', 'POST /auth/logout-all', undefined, 'admin', {
  ...by.admin,
  action: 'signed_out_everywhere',
  entity: 'session',
})

for (const [action, entity, work] of [
  [
    'user_restored',
    'user',
    async () => {
      const { id } = await make.aCustomer()
      await removeUser(deps, accounts, asAdmin, id)
      return () => restoreUser(deps, asAdmin, id)
    },
  ],
  [
    'user_erased',
    'user',
    async () => {
      const { id } = await make.aCustomer()
      return () => eraseUser(deps, accounts, asAdmin, id)
    },
  ],
  [
    'role_changed',
    'user',
    async () => {
      const { id } = await make.aCustomer()
      return () => changeUser(deps, accounts, asAdmin, id, { role: 'organizer' })
    },
  ],
  [
    'event_restored',
    'event',
    async () => {
      const { id } = await anEvent()
      await removeEvent(deps, asAdmin, id)
      return () => restoreEvent(deps, asAdmin, id)
    },
  ],
  [
    'booking_deleted',
    'booking',
    async () => {
      const { id } = await aBooking()
      return () => removeBooking(deps, asAdmin, id)
    },
  ],
  [
    'booking_restored',
    'booking',
    async () => {
      const { id } = await aBooking()
      await removeBooking(deps, asAdmin, id)
      return () => restoreBooking(deps, asAdmin, id)
    },
  ],
] as const) {
  test(`${action} is one entry`, async () => {
    const { entries } = await left<unknown>(await work())
    assert.equal(entries.length, 1)
    const { actor, actor_id, request_id, address, organizer_id } = entries[0]!
    assert.deepEqual([entries[0]!.action, entries[0]!.entity], [action, entity])
    assert.deepEqual([actor, actor_id, request_id, address], ['admin', admin.id, 'by-hand', '192.0.2.9'])
    assert.equal(organizer_id, entity === 'user' ? null : organizer.id)
  })
}

test('what a key does is told as its own', async () => {
  const key = await anApiKey(deps, organizer.id, ['sell', 'check-in'])
  secrets.add(key)
  const order = { customer_id: customer.id, event_id: (await anEvent()).id, quantity: 1 }
  const { entries, result } = await left(() => call('POST', '/api/v1/bookings', order, bearer(key)))
  assert.equal(result.status, 201)
  const { id } = await deps.database.db.selectFrom('api_key').select('id').executeTakeFirstOrThrow()
  assert.deepEqual(
    entries.map(({ actor, actor_id, api_key_id }) => [actor, actor_id, api_key_id]),
    [['organizer', organizer.id, id]],
  )
})

test('what was refused leaves nothing', async () => {
  const { access_token, refresh_token } = await signedIn(customer)
  const own = bearer(access_token)
  const seller = bearer((await signedIn(organizer)).access_token)
  const foreign = await make.aBooking()
  const ticket = await aTicketOf(deps, foreign.id)
  const full = await make.aBooking({ event_id: (await make.anEvent({ capacity: 1, organizer_id: organizer.id })).id })
  const used = await aTicketOf(deps, full.id)
  await call('PUT', `/tickets/${used}/use`, undefined, seller)
  const { entries } = await left(async () => {
    for (const [method, path, body, headers] of [
      ['POST', '/users/register', { ...siti, password }, {}],
      ['PUT', `/users/${admin.id}`, { name: 'x' }, own],
      ['PUT', `/users/${customer.id}`, { email: organizer.email }, own],
      ['DELETE', `/users/${organizer.id}`, undefined, seller],
      ['POST', '/events', newEvent, own],
      ['POST', '/events', { ...newEvent, date: '2001-01-01T00:00:00Z' }, seller],
      ['PUT', `/events/${foreign.event_id}`, { title: 'T', location: 'L' }, seller],
      ['DELETE', `/events/${full.event_id}`, undefined, seller],
      ['POST', '/bookings', { event_id: full.event_id, quantity: 1 }, own],
      ['POST', '/bookings', { event_id: foreign.event_id, quantity: 1, customer_id: admin.id }, own],
      ['PUT', `/tickets/${ticket}/use`, undefined, seller],
      ['PUT', `/tickets/${used}/use`, undefined, seller],
      ['POST', '/auth/password', { current_password: 'wrong password', new_password: password }, own],
      ['POST', '/auth/reset', { token: 'wrong', new_password: password }, {}],
      ['POST', '/auth/refresh', { refresh_token: 'wrong' }, {}],
    ] as const) {
      const { status } = await call(method, `/api/v1${path}`, body, headers)
      assert.ok(status >= 400 && status < 500, `${method} ${path}: ${status}`)
    }
    for (const work of [
      () => restoreUser(deps, asAdmin, customer.id),
      () => restoreEvent(deps, asAdmin, full.event_id),
      () => restoreBooking(deps, asAdmin, full.id),
      () => removeBooking(deps, asAdmin, full.id),
      () => eraseUser(deps, accounts, asAdmin, organizer.id),
    ]) {
      await assert.rejects(work, { name: 'DomainError' })
    }
  })
  assert.deepEqual(entries, [])
  secrets.add(refresh_token)
})

test('a refresh is no change, and leaves nothing', async () => {
  const { refresh_token } = await signedIn(customer)
  const { entries, result } = await left(() => call('POST', '/auth/refresh', { refresh_token }))
  assert.deepEqual([result.status, entries], [200, []])
  secrets.add(result.body.data.refresh_token as string)
})

test('no secret is in the history, nor what it is kept as', async () => {
  const rows = await readHistory()
  assert.ok(rows.length > 50 && secrets.size > 15)
  const { db } = deps.database
  const hashes = [
    ...(await db.selectFrom('user').select('password_hash as hash').execute()),
    ...(await db.selectFrom('refresh_token').select('token_hash as hash').execute()),
    ...(await db.selectFrom('api_key').select('key_hash as hash').execute()),
    ...(await db.selectFrom('session').select('id as hash').execute()),
  ].map(({ hash }) => hash)
  const text = JSON.stringify(rows)
  for (const secret of [...secrets, ...hashes.filter(Boolean)]) assert.ok(!text.includes(secret), secret)
  for (const { was, became } of rows) {
    const said = `${was} ${became}`.replace('"password":"changed"', '')
    assert.doesNotMatch(said, /password|hash|token|secret|karcis_|\$2/i)
  }
})
