import assert from 'node:assert/strict'
import { createPublicKey, verify } from 'node:crypto'
import { test } from 'node:test'
import { startApp } from '../../../test/support/app.ts'
import { readLink, signLink } from './link-token.ts'
import { openSigner, rotateSignatureKeys } from './signer.ts'
import { readTicketToken, signTicket } from './ticket-token.ts'

const day_ms = 86_400_000
let time = new Date('2030-01-01T00:00:00Z')
const { app, deps } = await startApp({ now: () => time })
const { signer, database } = deps
const ticket = { id: 123_456_789, event_id: 4_242, version: 3 }
const jwks = async () => (await app.inject('/.well-known/jwks.json')).json<{ keys: { kid: string; x: string }[] }>()

test('a door without network verifies a token by the public key alone', async () => {
  const token = await signTicket(signer, ticket)
  const [header, payload, signature] = token.split('.') as [string, string, string]
  const { alg, kid } = JSON.parse(Buffer.from(header, 'base64url').toString()) as { alg: string; kid: string }
  assert.equal(alg, 'EdDSA')
  const key = (await jwks()).keys.find((one) => one.kid === kid)!
  assert.ok(
    verify(
      null,
      Buffer.from(`${header}.${payload}`),
      createPublicKey({ format: 'jwk', key }),
      Buffer.from(signature, 'base64url'),
    ),
  )
  assert.deepEqual(JSON.parse(Buffer.from(payload, 'base64url').toString()), { t: 123_456_789, e: 4_242, v: 3 })
  assert.ok(token.length <= 180, `${token.length} characters`)
  assert.doesNotMatch(JSON.stringify(await jwks()), /"d"/, 'no secret is shown')
})

test('a token is known again, and by no other text', async () => {
  const token = await signTicket(signer, ticket)
  assert.deepEqual(await readTicketToken(signer, token), { ticket_id: 123_456_789, event_id: 4_242, version: 3 })
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ '
  for (let index = 0; index < token.length; index++) {
    for (const letter of letters) {
      if (letter === token[index]) continue
      const changed = token.slice(0, index) + letter + token.slice(index + 1)
      assert.equal(await readTicketToken(signer, changed), undefined, changed)
    }
  }
  for (const other of [`${token} `, ` ${token}`, `${token}=`, `${token}.`, token.slice(0, -1), '', '..', 'a.b.c']) {
    assert.equal(await readTicketToken(signer, other), undefined, other)
  }
})

test('a header that names no algorithm, or another one, opens nothing', async () => {
  const [, payload, signature] = (await signTicket(signer, ticket)).split('.')
  const { kid } = (await jwks()).keys[0]!
  for (const alg of ['none', 'HS256', 'Ed25519x', 'ES256']) {
    const header = Buffer.from(JSON.stringify({ alg, kid })).toString('base64url')
    assert.equal(await readTicketToken(signer, `${header}.${payload}.${signature}`), undefined)
  }
})

test('a link opens what it was made for, until its time is over', async () => {
  const token = await signLink(signer, { purpose: 'booking', id: 7 }, new Date(time.getTime() + 1_000))
  assert.deepEqual(await readLink(signer, token, 'booking', time), { purpose: 'booking', id: 7 })
  assert.equal(await readLink(signer, token, 'ticket', time), undefined)
  assert.equal(await readLink(signer, token, 'booking', new Date(time.getTime() + 1_000)), undefined)
  assert.equal(await readTicketToken(signer, token), undefined, 'a link is no ticket')
  assert.equal(await readLink(signer, await signTicket(signer, ticket), 'booking', time), undefined)
})

test('keys follow one another: old tickets stay good, and the secrets that made them go', async () => {
  const token = await signTicket(signer, ticket)
  const [first] = (await jwks()).keys
  time = new Date(time.getTime() + 91 * day_ms)
  await rotateSignatureKeys(database, time)
  time = new Date(time.getTime() + 2 * day_ms)
  assert.equal(await rotateSignatureKeys(database, time), 1)

  const another = openSigner(database, () => time)
  assert.equal((await another.publicKeys()).length, 2)
  assert.deepEqual(await readTicketToken(another, token), { ticket_id: 123_456_789, event_id: 4_242, version: 3 })
  const newer = await signTicket(another, ticket)
  assert.notEqual(newer.split('.')[0], token.split('.')[0])
  const secrets = await database.db.selectFrom('signature_key').select(['id', 'secret_key']).execute()
  assert.equal(secrets.find(({ id }) => id === first!.kid)!.secret_key, null)
  assert.equal(await rotateSignatureKeys(database, time), 0, 'the one that signs keeps its secret')
})

test('servers that start together on a new database know each other', async () => {
  await database.writer.deleteFrom('signature_key').execute()
  const servers = [1, 2, 3].map(() => openSigner(database, () => time))
  const tokens = await Promise.all(servers.map((one) => signTicket(one, ticket)))
  for (const server of servers) {
    // The one that looked first does not know the keys of the others yet, and looks again, but not at once.
    await new Promise((resolve) => setTimeout(resolve, 1_100))
    for (const token of tokens) assert.ok(await readTicketToken(server, token))
  }
})
