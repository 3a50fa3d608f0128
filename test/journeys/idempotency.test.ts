import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sandbox } from '../../src/features/payments/providers/sandbox.ts'
import { inTransaction } from '../../src/db/transaction.ts'
import { actInSandbox } from '../../src/features/payments/act-in-sandbox.ts'
import { findPayment } from '../../src/features/payments/payments.sql.ts'
import { updateRefund } from '../../src/features/payments/refunds.sql.ts'
import { settlePayment } from '../../src/features/payments/settle-payment.ts'
import { openSelling } from '../../src/features/payments/selling.ts'
import { aCheckInOf, aScanOf } from '../support/access-ground.ts'
import { startApp } from '../support/app.ts'
import { assertBooksBalance } from '../support/books.ts'
import { factories } from '../support/factories.ts'
import type { Document } from '../support/openapi.ts'
import { aDeadMessage, aSentMail } from '../support/outbox.ts'
import { people } from '../support/people.ts'

let hashing: Promise<void> = Promise.resolve()
const started = await startApp(
  {
    hashPassword: async (password) => {
      await hashing
      return `$2b$10$${password.padEnd(53, 'x').slice(0, 53)}`
    },
    verifyPassword: async () => true,
  },
  (deps) => ({
    auth: 'on',
    selling: openSelling(deps, [sandbox({ ...deps, pageUrl: (key) => `http://x/${key}` })], 0),
  }),
)
const { app, call, deps } = started
const selling = openSelling(deps, [sandbox({ ...deps, pageUrl: (key) => key })], 0)
const { aBooking, aCustomer, anEvent } = factories(deps)
const { signedIn } = people(started)
const admin = await signedIn('admin')
const organizer = await signedIn('organizer')
const customer = await signedIn('customer')
const event = await anEvent({ organizer_id: organizer.id, capacity: 100 })

const deleted = async (path: string) => {
  assert.equal((await admin.call('DELETE', `/api/v2/${path}`)).status, 204)
  return `/api/v2/${path}/restoration`
}
const aTicket = async () => {
  const { id } = await aBooking({ event_id: event.id })
  return (await admin.call('GET', `/api/v2/bookings/${id}/tickets`)).body.items[0].id as number
}
const ownTicket = async () => {
  const { id } = await aBooking({ event_id: event.id, customer_id: customer.id })
  return (await customer.call('GET', `/api/v2/bookings/${id}/tickets`)).body.items[0].id as number
}
const user = (name: string) => ({ name, email: `${name}@example.com`, password: 'password123', role: 'customer' })
const concert = { location: 'Bandung', capacity: 1, date: '2999-01-01T12:00:00Z' }
const bookedEvent = async () => `bookings/${(await aBooking({ event_id: event.id })).id}`

const held = async () =>
  (await customer.call('POST', '/api/v2/bookings', { event_id: event.id, quantity: 1 })).body.id as number
/** Paid in the sandbox, cancelled, and left to a person. */
async function owed(): Promise<number> {
  const id = await held()
  const { body: payment } = await customer.call('POST', `/api/v2/bookings/${id}/payments`, {})
  await actInSandbox(deps, payment.pay_url.split('/').pop(), 'pay')
  const found = (await findPayment(deps.database.db, payment.id))!
  await settlePayment(deps, selling, found)
  await organizer.call('POST', `/api/v2/bookings/${id}/cancellation`, {})
  const [refund] = (await organizer.call('GET', `/api/v2/bookings/${id}/refunds`)).body.items
  await inTransaction(deps.database, (tx) => updateRefund(tx, refund.id, { status: 'by_hand' }))
  return refund.id
}

type Sent = [path: string, body?: unknown]
/** Every POST that takes a key: who sends it, what, and what else may not come with the same key. */
const requests: Record<string, { by: typeof admin; one: () => Promise<Sent>; other: () => Promise<Sent> }> = {
  '/users': {
    by: admin,
    one: async () => ['/api/v2/users', user('ani')],
    other: async () => ['/api/v2/users', user('budi')],
  },
  '/events': {
    by: organizer,
    one: async () => ['/api/v2/events', { ...concert, title: 'One' }],
    other: async () => ['/api/v2/events', { ...concert, title: 'Two' }],
  },
  '/bookings': {
    by: customer,
    one: async () => ['/api/v2/bookings', { event_id: event.id, quantity: 1 }],
    other: async () => ['/api/v2/bookings', { event_id: event.id, quantity: 2 }],
  },
  '/events/{id}/ticket-types': {
    by: organizer,
    one: async () => [`/api/v2/events/${event.id}/ticket-types`, { name: 'One', price: 1 }],
    other: async () => [`/api/v2/events/${event.id}/ticket-types`, { name: 'Two', price: 1 }],
  },
  '/events/{id}/cancellation': {
    by: organizer,
    one: async () => [`/api/v2/events/${(await anEvent({ organizer_id: organizer.id })).id}/cancellation`, {}],
    other: async () => [`/api/v2/events/${(await anEvent({ organizer_id: organizer.id })).id}/cancellation`, {}],
  },
  '/bookings/{id}/cancellation': {
    by: organizer,
    one: async () => [`/api/v2/${await bookedEvent()}/cancellation`, {}],
    other: async () => [`/api/v2/${await bookedEvent()}/cancellation`, {}],
  },
  '/bookings/{id}/payments': {
    by: customer,
    one: async () => [`/api/v2/bookings/${await held()}/payments`, {}],
    other: async () => [`/api/v2/bookings/${await held()}/payments`, {}],
  },
  '/refunds/{id}/completion': {
    by: organizer,
    one: async () => [`/api/v2/refunds/${await owed()}/completion`, {}],
    other: async () => [`/api/v2/refunds/${await owed()}/completion`, { note: 'x' }],
  },
  '/events/{id}/staff': {
    by: organizer,
    one: async () => [`/api/v2/events/${event.id}/staff`, { email: 'one@example.com', name: 'One' }],
    other: async () => [`/api/v2/events/${event.id}/staff`, { email: 'two@example.com', name: 'Two' }],
  },
  '/api-keys': {
    by: organizer,
    one: async () => ['/api/v2/api-keys', { name: 'One', scopes: ['read'] }],
    other: async () => ['/api/v2/api-keys', { name: 'One', scopes: ['sell'] }],
  },
  '/tickets/{id}/transfers': {
    by: customer,
    one: async () => [`/api/v2/tickets/${await ownTicket()}/transfers`, { email: 'one@example.com' }],
    other: async () => [`/api/v2/tickets/${await ownTicket()}/transfers`, { email: 'two@example.com' }],
  },
  '/tickets/{id}/use': {
    by: organizer,
    one: async () => [`/api/v2/tickets/${await aTicket()}/use`],
    other: async () => [`/api/v2/tickets/${await aTicket()}/use`],
  },
  '/tickets/{id}/links': {
    by: organizer,
    one: async () => [`/api/v2/tickets/${await aTicket()}/links`],
    other: async () => [`/api/v2/tickets/${await aTicket()}/links`],
  },
  '/bookings/{id}/links': {
    by: organizer,
    one: async () => [`/api/v2/${await bookedEvent()}/links`],
    other: async () => [`/api/v2/${await bookedEvent()}/links`],
  },
  '/check-ins': {
    by: organizer,
    one: async () => ['/api/v2/check-ins', await aScanOf(deps, await aTicket())],
    other: async () => ['/api/v2/check-ins', await aScanOf(deps, await aTicket())],
  },
  '/check-ins/{id}/undo': {
    by: organizer,
    one: async () => [`/api/v2/check-ins/${await aCheckInOf(deps, await aTicket())}/undo`],
    other: async () => [`/api/v2/check-ins/${await aCheckInOf(deps, await aTicket())}/undo`],
  },
  '/users/{id}/restoration': {
    by: admin,
    one: async () => [await deleted(`users/${(await aCustomer()).id}`)],
    other: async () => [await deleted(`users/${(await aCustomer()).id}`)],
  },
  '/events/{id}/restoration': {
    by: admin,
    one: async () => [await deleted(`events/${(await anEvent()).id}`)],
    other: async () => [await deleted(`events/${(await anEvent()).id}`)],
  },
  '/bookings/{id}/restoration': {
    by: admin,
    one: async () => [await deleted(await bookedEvent())],
    other: async () => [await deleted(await bookedEvent())],
  },
  '/mails/{id}/retry': {
    by: admin,
    one: async () => [`/api/v2/mails/${await aSentMail(deps, 1)}/retry`],
    other: async () => [`/api/v2/mails/${await aSentMail(deps, 1)}/retry`],
  },
  '/outbox-messages/{id}/retry': {
    by: admin,
    one: async () => [`/api/v2/outbox-messages/${await aDeadMessage(deps)}/retry`],
    other: async () => [`/api/v2/outbox-messages/${await aDeadMessage(deps)}/retry`],
  },
}

/**
 * Signing in, notices, and what is done once anyhow: an offer is accepted, declined or withdrawn once, and says so again;
 * a picture that the event has already is not kept twice, and a scan without network has a name of its own.
 */
const needsNoKey = /\/auth\/|\/webhooks\/|\/images$|\/scans$|\/transfers\/\{id\}\//

test('every POST takes a key, but for signing in and what is safe to send again anyhow', () => {
  const { paths } = app.swaggerV2() as unknown as Document
  const posts = Object.entries(paths).filter(([, operations]) => operations['post'])
  const takers = posts.filter(([, operations]) => JSON.stringify(operations['post']).includes('"idempotency-key"'))
  const names = takers.map(([path]) => path.replace('/api/v2', ''))
  assert.deepEqual(names.toSorted(), [...Object.keys(requests), '/users/{id}/erasure'].toSorted())
  for (const [path] of posts) assert.ok(names.includes(path.replace('/api/v2', '')) || needsNoKey.test(path), path)
})

for (const [name, { by, one, other }] of Object.entries(requests)) {
  test(`POST ${name} that is sent again with its key is carried out once`, async () => {
    const key = { 'idempotency-key': `key-of-${name}` }
    const [path, body] = await one()
    for (const bad of ['', 'a b', 'é', 'x'.repeat(256)]) {
      const refused = await by.call('POST', path, body, { 'idempotency-key': bad })
      assert.deepEqual([refused.status, refused.body.code], [400, 'invalid_idempotency_key'], bad)
    }
    const atOnce = await Promise.all([1, 2, 3].map(() => by.call('POST', path, body, key)))
    const first = atOnce.find(({ status, headers }) => status < 300 && !headers['idempotency-replayed'])
    assert.ok(first, JSON.stringify(atOnce[0]!.body))
    for (const answer of atOnce) {
      if (answer.status >= 300) assert.deepEqual([answer.status, answer.body.code], [409, 'idempotency_key_in_use'])
    }
    const again = await by.call('POST', path, body, key)
    assert.deepEqual([again.status, again.headers['idempotency-replayed']], [first.status, 'true'])
    assert.deepEqual({ ...again.body, secret: 0 }, { ...first.body, secret: 0 })
    for (const header of ['location', 'etag']) assert.equal(again.headers[header], first.headers[header], header)

    const [otherPath, otherBody] = await other()
    const reused = await by.call('POST', otherPath, otherBody, key)
    assert.deepEqual([reused.status, reused.body.code], [422, 'idempotency_key_reused'])
    await assertBooksBalance(deps.database.db)
  })
}

test('a key whose request is still being carried out is refused', async () => {
  let letGo = () => {}
  hashing = new Promise((resolve) => (letGo = resolve))
  const key = { 'idempotency-key': 'slow' }
  const slow = call('POST', '/api/v2/users', user('slow'), key)
  await new Promise((resolve) => setTimeout(resolve, 50))
  const impatient = await call('POST', '/api/v2/users', user('slow'), key)
  assert.deepEqual([impatient.status, impatient.body.code], [409, 'idempotency_key_in_use'])
  letGo()
  assert.equal((await slow).status, 201)
  const again = await call('POST', '/api/v2/users', user('slow'), key)
  assert.deepEqual([again.status, again.headers['idempotency-replayed']], [201, 'true'])
})

test('a refusal is not kept: the same request may be tried again', async () => {
  const key = { 'idempotency-key': 'once-there-are-seats' }
  const { id: event_id } = await anEvent({ organizer_id: organizer.id, capacity: 1 })
  const first = await aBooking({ event_id })
  const book = () => customer.call('POST', '/api/v2/bookings', { event_id, quantity: 1 }, key)
  assert.equal((await book()).body.code, 'event_not_available')
  assert.equal((await organizer.call('DELETE', `/api/v2/bookings/${first.id}`)).status, 204)
  assert.equal((await book()).status, 201)
})
