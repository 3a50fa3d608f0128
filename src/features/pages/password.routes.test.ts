import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startApp } from '../../../test/support/app.ts'
import { factories } from '../../../test/support/factories.ts'
import { passwordToken } from '../../../test/support/links.ts'
import { clock } from '../../../test/support/selling.ts'
import { inTransaction } from '../../db/transaction.ts'

const time = clock()
const { app, deps, call } = await startApp({ now: time.now }, { auth: 'on' })
const make = factories(deps)

const show = (url: string, headers = {}) => app.inject({ url, headers })
const send = (fields: Record<string, string>) =>
  app.inject({
    method: 'POST',
    url: '/go/password',
    payload: new URLSearchParams(fields).toString(),
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  })
const signIn = async (email: string, password: string) =>
  (await call('POST', '/api/v2/auth/login', { email, password })).status

async function aReset() {
  const { id, email } = await make.aCustomer()
  return { id, email, token: await passwordToken(deps, email) }
}

test('who follows the link chooses a password and signs in with it; the link is used up', async () => {
  const { email, token } = await aReset()
  const { statusCode, body } = await show(`/go/password?token=${token}`)
  assert.equal(statusCode, 200)
  assert.ok(body.includes(email))
  const secret = 'kata sandi baru'
  const sent = await send({ token, new_password: secret, repeated: secret })
  assert.deepEqual([sent.statusCode, sent.headers.location], [303, '/go/password?done=1&lang=en'])
  assert.match((await show(sent.headers.location!)).body, /has been changed/)
  assert.deepEqual([await signIn(email, secret), await signIn(email, 'password123')], [200, 401])
  for (const again of [
    await show(`/go/password?token=${token}&lang=id`),
    await send({ token, new_password: secret, repeated: secret, lang: 'id' }),
  ]) {
    assert.equal(again.statusCode, 400)
    assert.match(again.body, /Tautannya sudah dipakai/)
  }
})

for (const [what, new_password, repeated, said] of [
  ['is too short', '1234567', '1234567', /at least 8 characters/],
  ['is too long', 'é'.repeat(37), 'é'.repeat(37), /too long/],
  ['is not the one repeated', 'password one', 'password two', /not the same/],
] as const) {
  test(`a password that ${what} is told in the page, and the link goes on working`, async () => {
    const { email, token } = await aReset()
    const { statusCode, headers, body } = await send({ token, new_password, repeated })
    assert.deepEqual([statusCode, headers['content-type']], [400, 'text/html; charset=utf-8'])
    assert.match(body, said)
    assert.ok(!body.includes(new_password), 'what was typed is not shown')
    assert.equal((await send({ token, new_password: 'good enough', repeated: 'good enough' })).statusCode, 303)
    assert.equal(await signIn(email, 'good enough'), 200)
  })
}

test('a link that was never given out, or whose time is over, changes nothing', async () => {
  const { email, token } = await aReset()
  time.forward(31)
  for (const one of [token, '', 'karcis_pr_wrong', 'x'.repeat(900)]) {
    const answers = [
      await show(`/go/password?token=${one}`),
      await send({ token: one, new_password: 'good enough', repeated: 'good enough' }),
    ]
    for (const { statusCode, body } of answers) {
      assert.equal(statusCode, 400)
      assert.match(body, /does not work any more/)
    }
  }
  assert.equal(await signIn(email, 'password123'), 200)
})

test('it speaks as its reader is written to, and text from outside is text', async () => {
  const { id, token } = await aReset()
  await inTransaction(deps.database, (tx) =>
    tx.updateTable('user').set({ language: 'id', email: '"><script>@x' }).where('id', '=', id).execute(),
  )
  const { body, headers } = await show(`/go/password?token=${token}`, { 'accept-language': 'en' })
  assert.match(body, /Pilih kata sandi baru/)
  assert.doesNotMatch(body, /<script/)
  assert.match(String(headers['content-security-policy']), /form-action 'self'; frame-ancestors 'none'$/)
})

test('guessing is slow: it counts with signing in', async () => {
  const few = { account: { requests: 2, window_s: 60 }, address: { requests: 2, window_s: 60 } }
  const many = { account: { requests: 100, window_s: 60 }, address: { requests: 100, window_s: 60 } }
  const rate_limits = { login: few, booking: many, door: many, read: many, write: many }
  const { app } = await startApp({}, { auth: 'on', rate_limits })
  const guess = () =>
    app.inject({
      method: 'POST',
      url: '/go/password',
      payload: 'token=x&new_password=good+enough&repeated=good+enough',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    })
  const statuses = [await guess(), await guess(), await guess()].map(({ statusCode }) => statusCode)
  assert.deepEqual(statuses, [400, 400, 429])
  assert.match((await guess()).body, /Too many requests/)
})
