import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bearer, password, until } from '../../../test/support/access-ground.ts'
import { startApp } from '../../../test/support/app.ts'
import { factories } from '../../../test/support/factories.ts'
import { countMails, passwordToken } from '../../../test/support/links.ts'
import { testDeps } from '../../../test/support/deps.ts'
import { system } from '../../lib/caller.ts'
import { changeUser } from '../users/change-user.ts'
import { removeUser } from '../users/remove-user.ts'
import { openAccounts } from './accounts.ts'

/** The clock of the server, moved on by tests. */
let later_ms = 0
let verified = 0
/** What happens between the comparison of a password and what follows from it. */
let meanwhile: (() => Promise<unknown>) | undefined

const { verifyPassword } = testDeps(undefined as never)
const { app, call, deps } = await startApp(
  {
    now: () => new Date(Date.now() + later_ms),
    async verifyPassword(...given) {
      verified++
      const isRight = await verifyPassword(...given)
      await meanwhile?.()
      return isRight
    },
  },
  { auth: 'on', trusted_proxies: ['127.0.0.1'] },
)
const { aCustomer } = factories(deps)

type Pair = { access_token: string; refresh_token: string }

const login = (email: string, given = password) => call('POST', '/api/v1/auth/login', { email, password: given })
const signedIn = async (email: string): Promise<Pair> => (await login(email)).body.data
const refresh = (refresh_token: string) => call('POST', '/api/v1/auth/refresh', { refresh_token })
const me = (access_token: string) => call('GET', '/api/v1/auth/me', undefined, bearer(access_token))

const links = (email: string) => countMails(deps, email, 'password_reset')

/** What is mailed after the answer. */
async function resetTokenOf(email: string): Promise<string> {
  await call('POST', '/api/v1/auth/forgot', { email })
  await until(async () => (await links(email)) > 0)
  return passwordToken(deps, email)
}

async function later(ms: number, work: () => Promise<void>): Promise<void> {
  later_ms = ms
  try {
    await work()
  } finally {
    later_ms = 0
  }
}

test('login answers a pair of tokens and who signed in', async () => {
  const user = await aCustomer()
  const { status, body } = await login(user.email.toUpperCase())
  assert.deepEqual([status, body.message], [200, 'login successful'])
  const { access_token, refresh_token, user: shown, ...rest } = body.data
  assert.deepEqual(rest, { token_type: 'Bearer', expires_in: 900 })
  assert.match(access_token, /^[\w-]+\.[\w-]+\.[\w-]+$/)
  assert.match(refresh_token, /^karcis_rt_[\w-]{43}$/)
  assert.deepEqual(Object.keys(shown), ['id', 'name', 'email', 'role', 'created_at', 'updated_at'])
  assert.deepEqual([shown.id, shown.email, shown.role], [user.id, user.email, 'customer'])
  assert.deepEqual((await me(access_token)).body.data, shown)
})

test('an unknown email and a wrong password are refused alike, with the same work', async () => {
  const user = await aCustomer()
  const answers = []
  for (const [email, given] of [
    [user.email, 'wrong password'],
    ['nobody@example.com', password],
  ] as const) {
    const before = verified
    const { status, body, headers } = await login(email, given)
    answers.push({ status, body, challenge: headers['www-authenticate'], verified: verified - before })
  }
  assert.deepEqual(answers[0], {
    status: 401,
    body: { success: false, error: 'invalid email or password' },
    challenge: 'Bearer realm="karcis"',
    verified: 1,
  })
  assert.deepEqual(answers[1], answers[0])
})

test('who signs in with a password that is changed at that moment gets no session', async () => {
  const { id, email } = await aCustomer()
  for (const [name, change] of [
    ['changed', () => changeUser(deps, openAccounts(deps), system, id, { password: 'new password' })],
    ['deleted', () => removeUser(deps, openAccounts(deps), system, id)],
  ] as const) {
    meanwhile = change
    const { status } = await login(email, name === 'changed' ? password : 'new password')
    meanwhile = undefined
    assert.equal(status, 401, name)
  }
  const sessions = await deps.database.db.selectFrom('session').selectAll().where('user_id', '=', id).execute()
  assert.deepEqual(sessions, [])
})

test('a refresh token is exchanged for a new pair, and both access tokens hold', async () => {
  const first = await signedIn((await aCustomer()).email)
  const { status, body } = await refresh(first.refresh_token)
  assert.deepEqual([status, body.message], [200, 'token refreshed successfully'])
  assert.deepEqual(Object.keys(body.data), ['access_token', 'token_type', 'expires_in', 'refresh_token'])
  assert.notEqual(body.data.refresh_token, first.refresh_token)
  for (const token of [first.access_token, body.data.access_token]) assert.equal((await me(token)).status, 200)
})

test('a refresh token that comes a second time ends all that came from its login, and nothing else', async () => {
  const { email } = await aCustomer()
  const other = await signedIn(email)
  const first = await signedIn(email)
  const second: Pair = (await refresh(first.refresh_token)).body.data
  assert.equal((await me(second.access_token)).status, 200)

  const again = await refresh(first.refresh_token)
  assert.deepEqual(
    [again.status, again.body.error],
    [401, 'the refresh token is invalid, used or expired: sign in again'],
  )
  assert.equal((await refresh(second.refresh_token)).status, 401)
  for (const token of [first.access_token, second.access_token]) assert.equal((await me(token)).status, 401)
  assert.equal((await me(other.access_token)).status, 200)
  assert.equal((await refresh(other.refresh_token)).status, 200)
})

test('a session ends after 30 days, however often it was refreshed', async () => {
  let { refresh_token } = await signedIn((await aCustomer()).email)
  const days = 24 * 60 * 60_000
  await later(29 * days, async () => {
    const { status, body } = await refresh(refresh_token)
    assert.equal(status, 200)
    refresh_token = body.data.refresh_token
  })
  await later(30 * days, async () => assert.equal((await refresh(refresh_token)).status, 401))
})

for (const token of ['karcis_rt_unknown', 'x', 'karcis_rt_\u0000', '\ud800']) {
  test(`refresh with ${JSON.stringify(token)} is 401`, async () => {
    assert.equal((await refresh(token)).status, 401)
  })
}

for (const how of ['its access token', 'its refresh token'] as const) {
  test(`logout by ${how} ends the session, and no other one`, async () => {
    const { email } = await aCustomer()
    const pair = await signedIn(email)
    const other = await signedIn(email)
    const isAccess = how === 'its access token'
    const logout = () =>
      call(
        'POST',
        '/api/v1/auth/logout',
        isAccess ? undefined : { refresh_token: pair.refresh_token },
        isAccess ? bearer(pair.access_token) : {},
      )
    const { status, body } = await logout()
    assert.deepEqual([status, body], [200, { success: true, message: 'logout successful' }])
    assert.equal((await me(pair.access_token)).status, 401)
    assert.equal((await refresh(pair.refresh_token)).status, 401)
    assert.equal((await me(other.access_token)).status, 200)
    assert.equal((await logout()).status, isAccess ? 401 : 200)
  })
}

test('logout-all ends every session of this account, and of no other', async () => {
  const { email } = await aCustomer()
  const pairs = [await signedIn(email), await signedIn(email)] as const
  const stranger = await signedIn((await aCustomer()).email)
  const { status, body } = await call('POST', '/api/v1/auth/logout-all', undefined, bearer(pairs[0].access_token))
  assert.deepEqual([status, body.message], [200, 'logged out everywhere'])
  for (const { access_token, refresh_token } of pairs) {
    assert.equal((await me(access_token)).status, 401)
    assert.equal((await refresh(refresh_token)).status, 401)
  }
  assert.equal((await me(stranger.access_token)).status, 200)
})

test('a changed password ends the other sessions and the links, and keeps this session', async () => {
  const { email } = await aCustomer()
  const own = await signedIn(email)
  const other = await signedIn(email)
  const link = await resetTokenOf(email)
  const change = (current_password: string, new_password: string) =>
    call('POST', '/api/v1/auth/password', { current_password, new_password }, bearer(own.access_token))

  const wrong = await change('wrong password', 'new password')
  assert.deepEqual([wrong.status, wrong.body.error], [403, 'the current password is wrong'])
  assert.equal((await change(password, 'short')).status, 400)
  assert.equal((await change(password, 'é'.repeat(40))).body.error, 'password must be at most 72 bytes long')
  assert.equal((await me(other.access_token)).status, 200)

  assert.equal((await change(password, 'new password')).status, 200)
  assert.equal((await me(own.access_token)).status, 200)
  assert.equal((await refresh(own.refresh_token)).status, 200)
  assert.equal((await me(other.access_token)).status, 401)
  assert.equal((await refresh(other.refresh_token)).status, 401)
  assert.equal((await login(email)).status, 401)
  assert.equal((await login(email, 'new password')).status, 200)
  assert.equal((await reset(link, 'by the link')).status, 400)
})

test('a password changed by PUT /users/{id} ends the other sessions, too', async () => {
  const { id, email } = await aCustomer()
  const own = await signedIn(email)
  const other = await signedIn(email)
  await call('PUT', `/api/v1/users/${id}`, { password: 'new password' }, bearer(own.access_token))
  assert.equal((await me(own.access_token)).status, 200)
  assert.equal((await me(other.access_token)).status, 401)
})

const reset = (token: string, new_password: string) => call('POST', '/api/v1/auth/reset', { token, new_password })

test('whether there is an account is not told to who forgot the password', async () => {
  const { email } = await aCustomer()
  const known = await call('POST', '/api/v1/auth/forgot', { email })
  await until(async () => (await links(email)) > 0)
  const unknown = await call('POST', '/api/v1/auth/forgot', { email: 'nobody@example.com' })
  assert.deepEqual([known.status, known.text], [200, unknown.text])
  assert.equal(known.body.message, 'if there is an account with this email, a link is on its way')
  await call('POST', '/api/v1/auth/forgot', { email })
  assert.ok((await links(email)) <= 2, 'one for each minute')
})

test('a link chooses a password once, and ends every session', async () => {
  const { email } = await aCustomer()
  const pair = await signedIn(email)
  const token = await resetTokenOf(email)
  assert.match(token, /^karcis_pr_[\w-]{43}$/)
  const { status, body } = await reset(token, 'chosen anew')
  assert.deepEqual([status, body.message], [200, 'password changed successfully'])
  assert.equal((await me(pair.access_token)).status, 401)
  assert.equal((await refresh(pair.refresh_token)).status, 401)
  assert.equal((await login(email, 'chosen anew')).status, 200)
  const again = await reset(token, 'once more')
  assert.deepEqual([again.status, again.body.error], [400, 'the token is invalid, used or expired: ask for a new one'])
})

test('a link holds for half an hour, and a newer one takes its place', async () => {
  const { email } = await aCustomer()
  const older = await resetTokenOf(email)
  const newer = await resetTokenOf(email)
  assert.equal((await reset(older, 'chosen anew')).status, 400)
  await later(30 * 60_000, async () => assert.equal((await reset(newer, 'chosen anew')).status, 400))
  await later(29 * 60_000, async () => assert.equal((await reset(newer, 'chosen anew')).status, 200))
})

test('one link used many times at once chooses one password', async () => {
  const { email } = await aCustomer()
  const token = await resetTokenOf(email)
  const answers = await Promise.all([1, 2, 3, 4].map((n) => reset(token, `password ${n}`)))
  assert.deepEqual(
    answers.map(({ status }) => status).toSorted((a, b) => a - b),
    [200, 400, 400, 400],
  )
})

test('a link goes to the address of the account, not to one that only folds to it', async () => {
  const { id } = await aCustomer()
  await deps.database.writer
    .updateTable('user')
    .set({ email: 'Kim@example.com', email_key: 'kim@example.com' })
    .where('id', '=', id)
    .execute()
  // The Kelvin sign, whose lower case is a plain k.
  await call('POST', '/api/v1/auth/forgot', { email: '\u212aim@example.com' })
  await until(async () => (await links('Kim@example.com')) === 1)
})

test('a browser gets its refresh token as a cookie out of reach of scripts', async () => {
  const { email } = await aCustomer()
  const { body, headers } = await call('POST', '/api/v1/auth/login', { email, password, cookie: true })
  assert.equal(body.data.refresh_token, undefined)
  const cookie = String(headers['set-cookie'])
  assert.match(cookie, /^karcis_refresh=karcis_rt_[\w-]{43}; Max-Age=2592000; Path=\/; HttpOnly; SameSite=Strict$/)
  const https = await call(
    'POST',
    '/api/v1/auth/login',
    { email, password, cookie: true },
    { 'x-forwarded-proto': 'https' },
  )
  assert.match(String(https.headers['set-cookie']), /; HttpOnly; Secure; SameSite=Strict$/)
})

test('a request by cookie needs a header that no other site can send, and comes from this site', async () => {
  const { email } = await aCustomer()
  const signed = await call('POST', '/api/v1/auth/login', { email, password, cookie: true })
  const cookie = String(signed.headers['set-cookie']).split(';')[0]!
  const guard = { 'x-csrf-protection': '1' }
  for (const [name, headers] of [
    ['no header', {}],
    ['from another site', { ...guard, origin: 'https://elsewhere.example' }],
    ['from another port', { ...guard, origin: 'http://localhost:81' }],
    ['from a page without an origin', { ...guard, origin: 'null' }],
    ['across sites', { ...guard, 'sec-fetch-site': 'cross-site' }],
  ] as const) {
    for (const path of ['refresh', 'logout']) {
      const { status, body } = await call('POST', `/api/v1/auth/${path}`, undefined, { cookie, ...headers })
      assert.deepEqual(
        [status, body.error],
        [403, 'a request by cookie needs the header X-CSRF-Protection: 1, from this site'],
        `${path}, ${name}`,
      )
    }
  }
  const own = { cookie, ...guard, origin: 'https://tickets.example', 'sec-fetch-site': 'same-origin' }
  const renewed = await call('POST', '/api/v1/auth/refresh', undefined, { ...own, host: 'tickets.example' })
  assert.equal(renewed.status, 200)
  assert.equal(renewed.body.data.refresh_token, undefined)
  const next = String(renewed.headers['set-cookie']).split(';')[0]!
  assert.notEqual(next, cookie)
  const out = await call('POST', '/api/v1/auth/logout', undefined, { ...guard, cookie: next })
  assert.equal(out.status, 200)
  assert.match(String(out.headers['set-cookie']), /^karcis_refresh=; Max-Age=0; .*HttpOnly; SameSite=Strict$/)
  assert.equal((await call('POST', '/api/v1/auth/refresh', undefined, { ...guard, cookie: next })).status, 401)
  assert.equal((await me(renewed.body.data.access_token)).status, 401)
})

const from = (address: string) => ({ 'x-forwarded-for': address })

test('ten wrong passwords from one address make it wait, and another address gets in', async () => {
  const { email } = await aCustomer()
  const attempt = (address: string, given: string) =>
    call('POST', '/api/v1/auth/login', { email, password: given }, from(address))
  for (let n = 0; n < 10; n++) assert.equal((await attempt('192.0.2.1', 'wrong password')).status, 401)
  const before = verified
  const { status, body, headers } = await attempt('192.0.2.1', password)
  assert.deepEqual([status, body.error], [429, 'too many failed attempts, try again later'])
  const wait_s = Number(headers['retry-after'])
  assert.ok(wait_s > 890 && wait_s <= 900, String(wait_s))
  assert.equal(verified, before, 'nothing is compared')
  assert.equal((await attempt('192.0.2.2', password)).status, 200)
  await later(15 * 60_000, async () => assert.equal((await attempt('192.0.2.1', password)).status, 200))
})

test('the right password lets the count begin anew', async () => {
  const { email } = await aCustomer()
  const attempt = (given: string) => call('POST', '/api/v1/auth/login', { email, password: given }, from('192.0.2.7'))
  for (let round = 0; round < 2; round++) {
    for (let n = 0; n < 9; n++) assert.equal((await attempt('wrong password')).status, 401)
    assert.equal((await attempt(password)).status, 200)
  }
})

test('the addresses of one IPv6 line are one', async () => {
  const { email } = await aCustomer()
  const attempt = (n: number) =>
    call('POST', '/api/v1/auth/login', { email, password: 'wrong password' }, from(`2001:db8:1:2::${n}`))
  for (let n = 1; n <= 10; n++) assert.equal((await attempt(n)).status, 401)
  assert.equal((await attempt(11)).status, 429)
})

test('an address that tries many accounts has to wait with each of them', async () => {
  const attempt = (n: number) =>
    call('POST', '/api/v1/auth/login', { email: `nobody.${n}@example.com`, password }, from('192.0.2.3'))
  for (let n = 0; n < 100; n++) assert.equal((await attempt(n)).status, 401)
  assert.equal((await attempt(100)).status, 429)
})

test('who has got hold of an access token can’t find out the password by it', async () => {
  const { email } = await aCustomer()
  const { access_token } = await signedIn(email)
  const attempt = () =>
    call(
      'POST',
      '/api/v1/auth/password',
      { current_password: 'wrong password', new_password: 'new password' },
      bearer(access_token),
    )
  for (let n = 0; n < 10; n++) assert.equal((await attempt()).status, 403)
  const { status, headers } = await attempt()
  assert.equal(status, 429)
  assert.ok(Number(headers['retry-after']) > 0)
})

test('whatever a proxy says is the address, a wrong password is 401', async () => {
  for (const address of ['x'.repeat(300), 'unknown', '\u00e9', `fe80::1%${'a'.repeat(60)}`]) {
    const { statusCode } = await app.inject({
      method: 'POST',
      url: '/api/v1/auth/login',
      headers: from(address),
      payload: { email: 'nobody@example.com', password },
    })
    assert.equal(statusCode, 401, address)
  }
})
