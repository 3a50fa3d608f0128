import assert from 'node:assert/strict'
import { createSecretKey, generateKeyPairSync, randomBytes, type KeyObject } from 'node:crypto'
import { test } from 'node:test'
import { SignJWT, UnsecuredJWT } from 'jose'
import pino from 'pino'
import { anApiKey, bearer, password, putAtDoors, aTicketOf } from '../../../test/support/access-ground.ts'
import { startApp } from '../../../test/support/app.ts'
import { factories } from '../../../test/support/factories.ts'
import { forged } from '../../../test/support/forged.ts'
import { buildApp, type App } from '../../app.ts'
import { inTransaction } from '../../db/transaction.ts'
import { system } from '../../lib/caller.ts'
import { toTimestamp } from '../../lib/time.ts'
import { changeUser } from '../users/change-user.ts'
import { openAccounts } from './accounts.ts'
import { revokeApiKey } from './accounts.sql.ts'
import { rotateSigningKeys } from './signing-keys.ts'

let later_ms = 0
const { call, deps } = await startApp({ now: () => new Date(Date.now() + later_ms) }, { auth: 'on' })
const { aUser, anEvent, aBooking } = factories(deps)

const user = await aUser('customer')
const login = async (email = user.email) => (await call('POST', '/auth/login', { email, password })).body.data
const { access_token } = await login()
const me = (token: string) => call('GET', '/api/v1/auth/me', undefined, bearer(token))

const [header = '', payload = '', signature = ''] = (access_token as string).split('.')
const decoded = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>
const encoded = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url')
const claims = decoded(payload) as { exp: number; nbf: number; iat: number; sub: string; jti: string; sid: string }
const { kid } = decoded(header) as { kid: string }
const stored = await deps.database.db
  .selectFrom('signing_key')
  .selectAll()
  .where('id', '=', kid)
  .executeTakeFirstOrThrow()
const key = createSecretKey(stored.secret, 'hex')

/** The same token with something else in it, signed with the server's own key unless told otherwise. */
const made = (change: object = {}, headers: object = {}, by: KeyObject = key): Promise<string> =>
  new SignJWT({ ...claims, ...change }).setProtectedHeader({ alg: 'HS256', kid, typ: 'at+jwt', ...headers }).sign(by)

test('an access token is what RFC 9068 asks for, and says nothing of its user but the id', () => {
  assert.deepEqual(decoded(header), { alg: 'HS256', kid, typ: 'at+jwt' })
  const { iat, jti, sid, ...rest } = claims as typeof claims & Record<string, unknown>
  assert.deepEqual(rest, { iss: 'karcis', aud: 'karcis-api', sub: String(user.id), nbf: iat, exp: iat + 900 })
  for (const id of [jti, sid]) assert.match(id, /^[0-9a-f]{32}$/)
})

test('a token that is made over with the same content holds: what follows is refused for its one difference', async () => {
  assert.equal((await me(await made())).status, 200)
})

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const now_s = Math.floor(Date.now() / 1_000)
const strong = createSecretKey(randomBytes(64))
const without = (claim: keyof typeof claims) => made({ [claim]: undefined })

for (const [name, token] of [
  ['expired', made({ exp: now_s - 1 })],
  ['not valid yet', made({ nbf: now_s + 60 })],
  ['for another audience', made({ aud: 'another' })],
  ['for no audience', made({ aud: undefined })],
  ['of another issuer', made({ iss: 'another' })],
  ['of another type', made({}, { typ: 'JWT' })],
  ['of no type', made({}, { typ: undefined })],
  ['of an unknown key', made({}, { kid: 'unknown' })],
  ['of no key', made({}, { kid: undefined })],
  ['of a key that is a path', made({}, { kid: '../../etc/passwd' })],
  [
    'with an extension that must be understood',
    made({}, { crit: ['x'], x: 1 }).catch(
      () => `${encoded({ alg: 'HS256', kid, typ: 'at+jwt', crit: ['x'], x: 1 })}.${payload}.${signature}`,
    ),
  ],
  ['signed by somebody else under this key’s name', made({}, {}, strong)],
  [
    'HS512 by the right key',
    made({}, { alg: 'HS512' }, createSecretKey(Buffer.concat([key.export(), Buffer.alloc(32)]))),
  ],
  ['RS256', made({}, { alg: 'RS256' }, privateKey)],
  ['without a signature, as alg none', Promise.resolve(new UnsecuredJWT(claims).encode())],
  ['none, with the right key’s name', Promise.resolve(`${encoded({ alg: 'none', kid, typ: 'at+jwt' })}.${payload}.`)],
  [
    'none, with the old signature',
    Promise.resolve(`${encoded({ alg: 'none', kid, typ: 'at+jwt' })}.${payload}.${signature}`),
  ],
  ['with another payload', Promise.resolve(`${header}.${encoded({ ...claims, sub: '2' })}.${signature}`)],
  ['with another signature', Promise.resolve(forged(`${header}.${payload}.${signature}`))],
  ['with a signature cut short', Promise.resolve(`${header}.${payload}.${signature.slice(0, 20)}`)],
  ['without its signature', Promise.resolve(`${header}.${payload}.`)],
  ['without an expiry', without('exp')],
  ['without a session', without('sid')],
  ['without a subject', without('sub')],
  ['of a session that never was', made({ sid: 'f'.repeat(32) })],
  ['of a session that is a number', made({ sid: 1 })],
  ['of a session that is an object', made({ sid: { $ne: null } })],
  ['with an expiry that is text', made({ exp: 'never' })],
  ['longer than any', Promise.resolve(`${header}.${payload}${'A'.repeat(8_000)}.${signature}`)],
  ['a payload that is no JSON', Promise.resolve(`${header}.AAAA.${signature}`)],
  ['a header that is no JSON', Promise.resolve(`AAAA.${payload}.${signature}`)],
  ['a header that is a list', Promise.resolve(`${encoded([])}.${payload}.${signature}`)],
  ['five parts', Promise.resolve('a.b.c.d.e')],
  ['dots', Promise.resolve('...')],
  ['one letter', Promise.resolve('x')],
  ['a refresh token', login().then(({ refresh_token }) => refresh_token as string)],
  ['an API key that never was', Promise.resolve('karcis_key_unknown')],
] as const) {
  test(`a token ${name} is 401`, async () => {
    const { status, headers, body } = await me(await token)
    assert.equal(status, 401)
    assert.equal(headers['www-authenticate'], 'Bearer realm="karcis", error="invalid_token"')
    assert.equal(body.error, 'the access token is invalid or has expired: refresh it, or sign in again')
  })
}

for (const authorization of [
  '',
  'Bearer',
  'Bearer ',
  `Basic ${'a'.repeat(20)}`,
  'Bearer \u00e9',
  'Bearer a b',
  'x'.repeat(4_000),
]) {
  test(`Authorization: ${JSON.stringify(authorization.slice(0, 20))} is 401`, async () => {
    const { status, headers } = await call('GET', '/api/v1/auth/me', undefined, { authorization })
    assert.equal(status, 401)
    assert.match(String(headers['www-authenticate']), /^Bearer realm="karcis"/)
  })
}

test('a token that is no good is no hindrance where none is needed', async () => {
  const headers = bearer('x')
  assert.equal((await call('GET', '/api/v1/events', undefined, headers)).status, 200)
  assert.equal((await call('POST', '/api/v1/auth/login', { email: user.email, password }, headers)).status, 200)
})

test('a token runs out after 15 minutes, also one that was verified before', async () => {
  const { access_token } = await login()
  assert.equal((await me(access_token)).status, 200)
  later_ms = 15 * 60_000 - 2_000
  assert.equal((await me(access_token)).status, 200)
  later_ms = 15 * 60_000
  assert.equal((await me(access_token)).status, 401)
  later_ms = 0
})

test('a token of a deleted user is dead at once', async () => {
  const admin = bearer((await login((await aUser('admin')).email)).access_token)
  const { id, email } = await aUser('customer')
  const token = (await login(email)).access_token
  const key = await anApiKey(deps, id, ['read'])
  for (const one of [token, key]) assert.equal((await me(one)).status, 200)
  assert.equal((await call('DELETE', `/api/v1/users/${id}`, undefined, admin)).status, 200)
  for (const one of [token, key]) assert.equal((await me(one)).status, 401)
})

test('a new role counts at once, and what was read before it is not remembered', async () => {
  const accounts = openAccounts(deps)
  const { id, email } = await aUser('customer')
  const token = (await login(email)).access_token as string
  const session = (decoded(token.split('.')[1]!) as typeof claims).sid
  assert.equal((await accounts.identities.ofSession(session))?.role, 'customer')
  assert.equal(accounts.identities.known(session)?.role, 'customer')
  const early = accounts.identities.ofSession(session)
  await changeUser(deps, accounts, system, id, { role: 'organizer' })
  await early
  assert.equal(accounts.identities.known(session), undefined)
  assert.equal((await accounts.identities.ofSession(session))?.role, 'organizer')
})

test('a new role counts under the same token', async () => {
  const { id, email } = await aUser('customer')
  const { access_token } = await login(email)
  await changeUser(deps, openAccounts(deps), system, id, { role: 'organizer' })
  assert.equal((await call('POST', '/api/v1/events', {}, bearer(access_token))).status, 400)
  assert.equal((await call('POST', '/api/v1/bookings', {}, bearer(access_token))).status, 403)
})

/** Another server on the same database. */
const anotherServer = (on = deps) => buildApp(on, pino({ level: 'silent' }), { auth: 'on' })

test('what another server has ended counts here when 5 seconds are over, and a token made there holds here', async (t) => {
  const other = await anotherServer()
  const { access_token } = await login()
  const there = () => other.inject({ url: '/api/v1/auth/me', headers: bearer(access_token) })
  assert.equal((await there()).statusCode, 200)
  await call('POST', '/api/v1/auth/logout', undefined, bearer(access_token))
  assert.equal((await me(access_token)).status, 401)
  const start = performance.now()
  const clock = t.mock.method(performance, 'now', () => start + 5_100)
  assert.equal((await there()).statusCode, 401)
  clock.mock.restore()
  await other.close()
})

test('an API key that is revoked is 401, and one of a scope unknown gets nowhere', async () => {
  const owner = await aUser('organizer')
  const key = await anApiKey(deps, owner.id, ['read'])
  const strange = await anApiKey(deps, owner.id, ['everything' as 'read'])
  assert.equal((await me(strange)).status, 403)
  const { id } = await deps.database.db
    .selectFrom('api_key')
    .select('id')
    .where('owner_id', '=', owner.id)
    .orderBy('id')
    .executeTakeFirstOrThrow()
  await inTransaction(deps.database, (tx) => revokeApiKey(tx, id, toTimestamp(new Date())))
  assert.equal((await me(key)).status, 401)
})

test('a key sells for organizers alone: it does not for one who has become staff', async () => {
  const owner = await aUser('organizer')
  const key = await anApiKey(deps, owner.id, ['read', 'sell', 'check-in'])
  await changeUser(deps, openAccounts(deps), system, owner.id, { role: 'staff' })
  const event = await anEvent()
  const customer = await aUser('customer')
  const order = { customer_id: customer.id, event_id: event.id, quantity: 1 }
  const { status } = await call('POST', '/api/v1/bookings', order, bearer(key))
  assert.equal(status, 403)
})

test('who is taken from the doors, or put there, is so when 5 seconds are over', async (t) => {
  const { id, email } = await aUser('staff')
  const event = await anEvent()
  const booking = await aBooking({ event_id: event.id })
  const ticket = await aTicketOf(deps, booking.id)
  const { access_token } = await login(email)
  const see = async () => (await call('GET', `/api/v1/tickets/${ticket}`, undefined, bearer(access_token))).status
  assert.equal(await see(), 404)
  await putAtDoors(deps, event.id, id)
  const start = performance.now()
  const clock = t.mock.method(performance, 'now', () => start + 5_100)
  assert.equal(await see(), 200)
  clock.mock.restore()
})

const day_ms = 24 * 60 * 60_000

/** Servers whose clock and keys are their own. */
async function aMonthOfKeys() {
  let later_ms = 0
  const { call, deps } = await startApp({ now: () => new Date(Date.now() + later_ms) }, { auth: 'on' })
  const { email } = await factories(deps).aUser('customer')
  const login = async (app?: App): Promise<string> => {
    const body = { email, password }
    if (!app) return (await call('POST', '/auth/login', body)).body.data.access_token
    const answer = await app.inject({ method: 'POST', url: '/auth/login', payload: body })
    return answer.json<{ data: { access_token: string } }>().data.access_token
  }
  return {
    deps,
    call,
    login,
    kidOf: (token: string) => decoded(token.split('.')[0]!)['kid'],
    keys: async () =>
      (await deps.database.db.selectFrom('signing_key').select('id').orderBy('created_at').execute()).map(
        ({ id }) => id,
      ),
    on: (days: number) => void (later_ms = days * day_ms + 60_000),
    rotate: () => rotateSigningKeys(deps.database, deps.now()),
    holds: async (app: App, token: string) =>
      (await app.inject({ url: '/auth/me', headers: bearer(token) })).statusCode === 200,
  }
}

test('keys are changed once a month, and what the old one has signed still holds', async () => {
  const { deps, call, login, kidOf, keys, on, rotate, holds } = await aMonthOfKeys()
  await login()
  const [first] = await keys()
  on(29)
  await rotate()
  assert.deepEqual(await keys(), [first])

  on(30)
  const old = await login()
  assert.equal(kidOf(old), first)
  await rotate()
  await rotate()
  const both = await keys()
  assert.equal(both.length, 2)
  // A server that starts now signs with the new one; each verifies what the other has signed.
  const other = await anotherServer(deps)
  const fresh = await login(other)
  assert.equal(kidOf(fresh), both[1])
  assert.ok(await holds(other, old))
  assert.equal((await call('GET', '/auth/me', undefined, bearer(old))).status, 200)

  on(31)
  await rotate()
  assert.deepEqual(await keys(), [both[1]])
  await other.close()
})

test('a server learns of a new key by its id at once, but made-up ids make it look 20 times in 5 seconds', async (t) => {
  const { deps, login, keys, on, rotate, holds } = await aMonthOfKeys()
  await login()
  const here = await anotherServer(deps)
  assert.ok(await holds(here, await login()))
  on(30)
  await rotate()
  const there = await anotherServer(deps)
  const fresh = await login(there)
  assert.equal((await keys()).length, 2)
  const madeUp = await made({}, { kid: 'unknown' })
  for (let n = 0; n < 20; n++) assert.ok(!(await holds(there, madeUp)))
  assert.ok(await holds(here, fresh))

  for (let n = 0; n < 20; n++) assert.ok(!(await holds(here, madeUp)))
  on(61)
  await rotate()
  const next = await anotherServer(deps)
  const newest = await login(next)
  assert.ok(!(await holds(here, newest)))
  const start = performance.now()
  const clock = t.mock.method(performance, 'now', () => start + 5_100)
  assert.ok(await holds(here, newest))
  clock.mock.restore()
  for (const app of [here, there, next]) await app.close()
})

test('after a long sleep no server signs with a key that is gone', async () => {
  const { deps, login, on, rotate, holds } = await aMonthOfKeys()
  await login()
  on(100)
  // Signed before housekeeping had its first turn.
  const token = await login()
  await rotate()
  const other = await anotherServer(deps)
  assert.ok(await holds(other, token))
  await other.close()
})

test('a crowd with good tokens that comes to a server just started gets in, all of it', async () => {
  const fresh = await buildApp(deps, pino({ level: 'silent' }), { auth: 'on' })
  const { access_token: token } = await login()
  const crowd = Array.from({ length: 200 }, () =>
    fresh.inject({ url: '/api/v2/auth/me', headers: bearer(token as string) }),
  )
  const statuses = (await Promise.all(crowd)).map(({ statusCode }) => statusCode)
  await fresh.close()
  assert.deepEqual(new Set(statuses), new Set([200]))
})
