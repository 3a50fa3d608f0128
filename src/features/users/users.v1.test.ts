import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startApp } from '../../../test/support/app.ts'
import { factories } from '../../../test/support/factories.ts'

const { call, deps } = await startApp()
const { aCustomer, anOrganizer, anEvent, aBooking } = factories(deps)

const ani = { name: 'Ani', email: 'ani@example.com', password: 'password123', role: 'customer' }

for (const prefix of ['/api/v1', '']) {
  test(`POST ${prefix}/users/register makes an account and never shows the password`, async () => {
    const email = `Budi${prefix.length}@Example.com`
    const { status, body, text } = await call('POST', `${prefix}/users/register`, { ...ani, email })
    assert.equal(status, 201)
    assert.equal(body.message, 'user registered successfully')
    const { id, created_at, updated_at, ...rest } = body.data
    assert.deepEqual(rest, { name: 'Ani', email, role: 'customer' })
    assert.ok(Number.isInteger(id) && id > 0)
    assert.match(created_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
    assert.equal(updated_at, created_at)
    assert.ok(!/password|\$2/.test(text))
    const stored = await deps.database.db.selectFrom('user').selectAll().where('id', '=', id).executeTakeFirstOrThrow()
    assert.equal(stored.email_key, email.toLowerCase())
  })
}

for (const [name, change, status, error] of [
  ['no name', { name: undefined }, 400, 'all fields are required'],
  ['an empty name', { name: '' }, 400, 'all fields are required'],
  ['a blank name', { name: '  ' }, 400, 'all fields are required'],
  ['no email', { email: undefined }, 400, 'all fields are required'],
  ['no password', { password: undefined }, 400, 'all fields are required'],
  ['no role', { role: undefined }, 400, 'all fields are required'],
  ['a bad email', { email: 'ani@example' }, 400, 'invalid email format'],
  ['a short password', { password: '1234567' }, 400, 'password must be at least 8 characters long'],
  ['a long password', { password: 'x'.repeat(73) }, 400, 'password must be at most 72 bytes long'],
  ['a password long in bytes', { password: 'é'.repeat(40) }, 400, 'password must be at most 72 bytes long'],
  ['an unknown role', { role: 'admin' }, 400, "role must be either 'customer' or 'organizer'"],
  ['a role of another type', { role: 1 }, 400, "role must be either 'customer' or 'organizer'"],
  ['a name of another type', { name: 5 }, 400, 'name must be a string'],
  ['a long name', { name: 'x'.repeat(101) }, 400, 'name must be at most 100 characters long'],
  ['a NUL in the name', { name: 'A\0B' }, 400, /^name contains a character that is not text/],
  ['half a surrogate pair', { name: 'A\ud800' }, 400, /^name contains a character that is not text/],
] as const) {
  test(`register with ${name} is refused`, async () => {
    const answer = await call('POST', '/api/v1/users/register', { ...ani, ...change })
    assert.equal(answer.status, status)
    if (typeof error === 'string') assert.equal(answer.body.error, error)
    else assert.match(answer.body.error, error)
  })
}

test('an email that differs by case only is the same email', async () => {
  await call('POST', '/users/register', { ...ani, email: 'Citra@example.com' })
  const again = await call('POST', '/users/register', { ...ani, email: 'cITRA@EXAMPLE.com' })
  assert.deepEqual([again.status, again.body.error], [409, 'email already exists'])
})

test('emoji, accents and 100 characters of them are kept', async () => {
  const name = '🎫é'.repeat(50)
  const { body } = await call('POST', '/users/register', { ...ani, name, email: 'emoji@example.com' })
  const read = await call('GET', `/users/${body.data.id}`)
  assert.equal(read.body.data.name, name)
})

test('unknown fields are ignored', async () => {
  const { status } = await call('POST', '/users/register', { ...ani, email: 'extra@example.com', is_admin: true })
  assert.equal(status, 201)
})

test('GET /users/{id} answers the user, 404, or 400', async () => {
  const user = await aCustomer()
  const found = await call('GET', `/api/v1/users/${user.id}`)
  assert.deepEqual([found.status, found.body.message], [200, 'user retrieved successfully'])
  assert.equal(found.body.data.email, user.email)
  const missing = await call('GET', '/api/v1/users/999999')
  assert.deepEqual([missing.status, missing.body.error], [404, 'user not found'])
})

for (const id of [
  '0',
  '-1',
  '1.0',
  '1e3',
  '01',
  '+1',
  'abc',
  '99999999999999999999',
  '9007199254740992',
  '%00',
  '%20',
  '1%2F',
]) {
  test(`GET /users/${id} is 400`, async () => {
    const { status, body } = await call('GET', `/api/v1/users/${id}`)
    assert.deepEqual([status, body.error], [400, 'invalid user id'])
  })
}

test('PUT changes what is given, keeps the rest, and never the role', async () => {
  const user = await aCustomer()
  const { status, body } = await call('PUT', `/users/${user.id}`, { name: 'Dewi', role: 'organizer' })
  assert.deepEqual([status, body.message], [200, 'user updated successfully'])
  assert.equal(body.data.name, 'Dewi')
  assert.equal(body.data.email, user.email)
  assert.equal(body.data.role, 'customer')
})

test('PUT with the email one has is fine; with that of another it is 409', async () => {
  const [user, other] = [await aCustomer(), await aCustomer()]
  assert.equal((await call('PUT', `/users/${user.id}`, { email: user.email.toUpperCase() })).status, 200)
  const { status, body } = await call('PUT', `/users/${user.id}`, { email: other.email })
  assert.deepEqual([status, body.error], [409, 'email already exists'])
})

test('PUT of an unknown user is 404, of bad values 400', async () => {
  const user = await aCustomer()
  assert.equal((await call('PUT', '/users/999999', { name: 'X' })).body.error, 'user not found')
  for (const [change, error] of [
    [{ email: 'x' }, 'invalid email format'],
    [{ password: 'short' }, 'password must be at least 8 characters long'],
    [{ name: '' }, 'all fields are required'],
    [{ name: null }, 'name must be a string'],
  ] as const) {
    const { status, body } = await call('PUT', `/users/${user.id}`, change)
    assert.deepEqual([status, body.error], [400, error])
  }
})

test('DELETE removes one whom nothing needs, and keeps the others', async () => {
  const user = await aCustomer()
  const { status, body } = await call('DELETE', `/users/${user.id}`)
  assert.deepEqual([status, body], [200, { success: true, message: 'user deleted successfully' }])
  assert.equal((await call('DELETE', `/users/${user.id}`)).status, 404)

  const { customer_id } = await aBooking()
  const booked = await call('DELETE', `/users/${customer_id}`)
  assert.deepEqual([booked.status, booked.body.error], [409, 'cannot delete user with existing bookings'])

  const { organizer_id } = await anEvent()
  const organizer = await call('DELETE', `/users/${organizer_id}`)
  assert.deepEqual([organizer.status, organizer.body.error], [409, 'cannot delete organizer with existing events'])
})

test('GET /users is paged by id', async () => {
  for (let n = 0; n < 3; n++) await anOrganizer()
  const first = await call('GET', '/users?limit=2')
  assert.equal(first.body.message, 'users retrieved successfully')
  assert.deepEqual(first.body.meta, { page: 1, limit: 2, has_more: true })
  const second = await call('GET', '/users?limit=2&page=2')
  const ids = [...first.body.data, ...second.body.data].map(({ id }: { id: number }) => id)
  assert.equal(ids.length, 4)
  assert.deepEqual(
    ids,
    ids.toSorted((a: number, b: number) => a - b),
  )
  const beyond = await call('GET', '/users?page=1000000')
  assert.deepEqual([beyond.status, beyond.body.data, beyond.body.meta.has_more], [200, [], false])
})

for (const query of ['page=0', 'page=-1', 'page=x', 'page=1.5', 'limit=0', 'limit=201', 'limit=', 'page=1&page=2']) {
  test(`GET /users?${query} is 400 and names the field`, async () => {
    const { status, body } = await call('GET', `/api/v1/users?${query}`)
    assert.equal(status, 400)
    assert.match(body.error, /^(page|limit) must be/)
  })
}
