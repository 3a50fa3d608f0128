import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startApp } from '../../../test/support/app.ts'
import { password, people } from '../../../test/support/people.ts'
import { countMails } from '../../../test/support/links.ts'
import { signLink } from '../signatures/link-token.ts'
import { addressHash } from './confirm-email.ts'

const started = await startApp({}, { auth: 'on' })
const { call, deps } = started
const { signIn } = people(started)

let count = 0
async function registered(headers: Record<string, string> = {}, path = '/api/v2/users') {
  const email = `Ani.${++count}@example.com`
  const answer = await call('POST', path, { name: 'Ani', email, password, role: 'customer' }, headers)
  assert.equal(answer.status, 201)
  const { id } = answer.body.data ?? answer.body
  return { ...(await signIn(id, email)), shown: answer.body.data ?? answer.body }
}
const linkFor = (id: number, email: string, until = Date.now() + 60_000) =>
  signLink(deps.signer, { purpose: 'email', id, of: addressHash(email) }, new Date(until))
const confirm = (token: string) => call('POST', '/api/v2/auth/confirm-email', { token })
const entries = (id: number) =>
  deps.database.db
    .selectFrom('audit_entry')
    .select('id')
    .where('action', '=', 'email_confirmed')
    .where('entity_id', '=', id)
    .execute()

test('who registers is welcomed once, in the language that they read', async () => {
  const indonesian = await registered({ 'accept-language': 'id-ID,id;q=0.9,en;q=0.8' })
  assert.deepEqual([indonesian.shown.language, indonesian.shown.email_confirmed], ['id', false])
  assert.equal(await countMails(deps, indonesian.email, 'welcome'), 1)
  const byV1 = await registered({ 'accept-language': 'id' }, '/api/v1/users/register')
  assert.equal('language' in byV1.shown, false, 'version 1 stays as it is')
  assert.equal((await byV1.call('GET', '/api/v2/auth/me')).body.language, 'id')
  const path = `/api/v2/users/${indonesian.id}`
  const changed = await indonesian.call('PATCH', path, { language: 'en' }, { 'if-match': '*' })
  assert.deepEqual([changed.status, changed.body.language], [200, 'en'])
  const bad = await indonesian.call('PATCH', path, { language: 'fr' }, { 'if-match': '*' })
  assert.equal(bad.status, 400)
  const exported = (await indonesian.call('GET', `${path}/export`)).body
  assert.deepEqual(
    [exported.user.language, exported.mails.map((mail: { kind: string }) => mail.kind)],
    ['en', ['welcome']],
  )
})

test('an address is confirmed by its own link, once, until it changes', async () => {
  const one = await registered()
  const link = await linkFor(one.id, one.email)
  for (const token of [
    'x',
    `${link}x`,
    await linkFor(one.id, 'other@example.com'),
    await linkFor(one.id, one.email, 1),
  ]) {
    const { status, body } = await confirm(token)
    assert.deepEqual([status, body.code], [403, 'invalid_link'])
  }
  assert.equal((await confirm(link)).status, 204)
  assert.equal((await confirm(link)).status, 204)
  assert.equal((await entries(one.id)).length, 1)
  const isConfirmed = async () => (await one.call('GET', '/api/v2/auth/me')).body.email_confirmed as boolean
  assert.equal(await isConfirmed(), true)
  const email = `new.${one.email}`
  await one.call('PATCH', `/api/v2/users/${one.id}`, { email }, { 'if-match': '*' })
  assert.equal(await isConfirmed(), false)
  assert.equal(await countMails(deps, email, 'email_changed'), 1)
  assert.equal((await confirm(link)).body.code, 'invalid_link')
})

test('the link is mailed again on request, at most once a minute, and not to who has confirmed', async () => {
  const one = await registered()
  const ask = () => one.call('POST', '/api/v2/auth/confirm-email/request')
  for (let time = 0; time < 4; time++) assert.equal((await ask()).status, 202)
  const asked = await countMails(deps, one.email, 'email_changed')
  assert.ok(asked >= 1 && asked <= 2, 'one for each minute of the clock')
  await confirm(await linkFor(one.id, one.email))
  await ask()
  assert.equal(await countMails(deps, one.email, 'email_changed'), asked)
})
