import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startApp } from '../../../test/support/app.ts'
import { factories } from '../../../test/support/factories.ts'
import { inTransaction } from '../../db/transaction.ts'
import { addressHash } from '../accounts/confirm-email.ts'
import { signLink } from '../signatures/link-token.ts'
import { findUser } from '../users/users.sql.ts'

const { app, deps } = await startApp({}, { auth: 'on' })
const make = factories(deps)
const far = new Date('2999-12-31T19:00:00Z')

const show = (token: string) => app.inject({ url: `/go/email?token=${token}` })
const send = (token: string) =>
  app.inject({
    method: 'POST',
    url: '/go/email',
    payload: new URLSearchParams({ token, lang: 'id' }).toString(),
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  })
const confirmedAt = async (id: number) => (await findUser(deps.database.db, id))!.email_confirmed_at

async function aLink(until = far) {
  const { id, email } = await make.aCustomer()
  return { id, email, token: await signLink(deps.signer, { purpose: 'email', id, of: addressHash(email) }, until) }
}

test('looking at the page confirms nothing, its button does', async () => {
  const { id, email, token } = await aLink()
  const { statusCode, body } = await show(token)
  assert.equal(statusCode, 200)
  assert.ok(body.includes(email))
  assert.match(body, /<button class="main">Confirm this address/)
  assert.equal(await confirmedAt(id), null)
  for (let times = 0; times < 2; times++) {
    const sent = await send(token)
    assert.equal(sent.statusCode, 303)
    assert.match((await app.inject({ url: sent.headers.location! })).body, /Alamat Anda sudah dikonfirmasi/)
  }
  assert.notEqual(await confirmedAt(id), null)
  assert.doesNotMatch((await show(token)).body, /<button/)
})

test('a link that is forged, has expired, is for something else or for another address confirms nothing', async () => {
  const { id, token } = await aLink()
  const expired = await aLink(new Date(Date.now() - 1_000))
  const moved = await aLink()
  await inTransaction(deps.database, (tx) =>
    tx.updateTable('user').set({ email: 'new@example.com' }).where('id', '=', moved.id).execute(),
  )
  const other = await signLink(deps.signer, { purpose: 'booking', id }, far)
  for (const one of [`${token}x`, '', expired.token, moved.token, other]) {
    for (const { statusCode, headers } of [await show(one), await send(one)]) {
      assert.deepEqual([statusCode, headers['content-type']], [403, 'text/html; charset=utf-8'])
    }
  }
  for (const one of [id, expired.id, moved.id]) assert.equal(await confirmedAt(one), null)
})
