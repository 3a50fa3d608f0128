import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  buildClientSchema,
  buildSchema,
  getIntrospectionQuery,
  lexicographicSortSchema,
  printSchema,
  type IntrospectionQuery,
} from 'graphql'
import { anApiKey, bearer, putAtDoors } from '../../../test/support/access-ground.ts'
import { startApp } from '../../../test/support/app.ts'
import { factories } from '../../../test/support/factories.ts'
import { asking, post, resultOf } from '../../../test/support/graphql.ts'
import { people } from '../../../test/support/people.ts'
import { doAllWork } from '../../../test/support/selling.ts'
import { actInSandbox } from '../payments/act-in-sandbox.ts'
import { sandbox } from '../payments/providers/sandbox.ts'
import { sandboxPath } from '../payments/sandbox.routes.ts'
import { openSelling, type Selling } from '../payments/selling.ts'
import { sha256 } from './listed-documents.ts'
import { sdl } from './make-schema.graphql.ts'

let selling: Selling
const started = await startApp({}, (deps) => {
  selling = openSelling(deps, [sandbox({ ...deps, pageUrl: sandboxPath })], 0)
  return { auth: 'on', selling, graphql: { explorer: true } }
})
const { app, deps } = started
const plenty = { requests: 100, window_s: 60 }
const limits = (requests: number) => ({ account: { requests, window_s: 60 }, address: plenty })
const rate_limits = { login: limits(50), booking: limits(2), door: limits(50), read: limits(4), write: limits(50) }
const production = await startApp({}, { auth: 'on', rate_limits, graphql: { explorer: false } })
const make = factories(deps)
const { signedIn } = people(started)
const ask = asking(started)

test('a visitor reads events page by page', async () => {
  const organizer_id = (await make.anOrganizer()).id
  for (let n = 0; n < 5; n++) await make.anEvent({ organizer_id, price: n * 10_000 })
  const query = `query ($after: String, $organizer: Id) {
    events(first: 2, after: $after, organizer_id: $organizer, sort: price_desc) {
      edges { cursor node { id title price date status ticket_types { name price on_sale } images { id } } }
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    }
  }`
  const prices: number[] = []
  let after: string | null = null
  for (let page = 1; page <= 3; page++) {
    const { data, errors, status } = await ask(query, { after, organizer: organizer_id })
    assert.deepEqual([status, errors], [200, undefined])
    const { edges, pageInfo } = data.events
    assert.equal(pageInfo.hasNextPage, page < 3)
    assert.equal(pageInfo.hasPreviousPage, page > 1)
    assert.equal(pageInfo.startCursor, edges[0].cursor)
    for (const { node } of edges) {
      prices.push(node.price)
      assert.deepEqual(node.ticket_types.length, 1)
    }
    after = pageInfo.endCursor
  }
  assert.deepEqual(prices, [40_000, 30_000, 20_000, 10_000, 0])
})

test('a customer books, pays, has tickets, and cancels; the organizer sees the money', async () => {
  const [customer, organizer] = [await signedIn('customer'), await signedIn('organizer')]
  const event = await make.anEvent({ organizer_id: organizer.id, price: 3_000_000_000 })
  const booked = await ask(
    `mutation ($event: Id!) { book(input: { event_id: $event, quantity: 2, holder_names: ["Ani", "Budi"] }) {
      id status total_price expires_at items { quantity price holder_names } tickets { id } event { available_seat }
    } }`,
    { event: event.id },
    customer.headers,
  )
  const { id, expires_at, ...booking } = booked.data.book
  assert.match(expires_at as string, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
  assert.deepEqual(booking, {
    status: 'pending',
    total_price: 6_000_000_000,
    items: [{ quantity: 2, price: 3_000_000_000, holder_names: ['Ani', 'Budi'] }],
    tickets: [],
    event: { available_seat: 8 },
  })

  const open = 'mutation ($id: Id!) { open_payment(booking_id: $id) { id provider amount status pay_url } }'
  const opened = await ask(open, { id }, customer.headers)
  const { pay_url, ...payment } = opened.data.open_payment
  assert.deepEqual([payment.provider, payment.amount, payment.status], ['sandbox', 6_000_000_000, 'awaiting'])
  await actInSandbox(deps, (pay_url as string).split('/').at(-1)!, 'pay')
  await deps.database.writer.updateTable('payment').set({ check_at: '2000-01-01 00:00:00' }).execute()
  await doAllWork(deps, selling)

  const mine = await ask(
    '{ bookings(status: success) { edges { node { id tickets(first: 1) { holder_name ticket_code } payments { status } } } } me { role } }',
    {},
    customer.headers,
  )
  const [{ node }] = mine.data.bookings.edges
  assert.equal(node.tickets[0].holder_name, 'Ani')
  assert.deepEqual([node.id, node.payments, mine.data.me.role], [id, [{ status: 'paid' }], 'customer'])

  const takings =
    'query ($id: Id!) { takings(event_id: $id) { currency charged refunded net } refunds { edges { node { amount status reason } } } }'
  const sold = await ask(takings, { id: event.id }, organizer.headers)
  assert.deepEqual(sold.data.takings, [{ currency: 'IDR', charged: 6_000_000_000, refunded: 0, net: 6_000_000_000 }])

  const cancel =
    'mutation ($id: Id!) { cancel_booking(booking_id: $id) { status refunded refunds { amount } event { available_seat } } }'
  const refused = await ask(cancel, { id }, customer.headers)
  assert.equal(refused.errors![0].extensions.code, 'cancellation_closed')
  const cancelled = await ask(cancel, { id }, organizer.headers)
  assert.deepEqual(cancelled.data.cancel_booking, {
    status: 'cancelled',
    refunded: 6_000_000_000,
    refunds: [{ amount: 6_000_000_000 }],
    event: { available_seat: 10 },
  })
  const after = await ask(takings, { id: event.id }, organizer.headers)
  assert.equal(after.data.takings[0].net, 0)
  assert.equal(after.data.refunds.edges[0].node.reason, 'cancelled')
})

test('staff and organizer let guests in, out, and take it back', async () => {
  const [staff, organizer] = [await signedIn('staff'), await signedIn('organizer')]
  const event = await make.anEvent({ organizer_id: organizer.id })
  await putAtDoors(deps, event.id, staff.id)
  const { id } = await make.aBooking({ event_id: event.id, quantity: 2 })
  const { data } = await ask(
    'query ($b: Id) { tickets(booking_id: $b) { edges { node { id ticket_code } } } }',
    { b: id },
    staff.headers,
  )
  const [{ node: ticket }] = data.tickets.edges
  const checkIn = `mutation ($input: CheckInInput!) { check_in(input: $input) { outcome door ticket { id holder_name ticket_type { name } } } }`
  const input = { code: ticket.ticket_code as string, event_id: event.id, door: 'Gate A' }
  const admitted = await ask(checkIn, { input }, staff.headers)
  assert.deepEqual([admitted.data.check_in.outcome, admitted.data.check_in.ticket.id], ['admitted', ticket.id])
  const again = await ask(checkIn, { input }, staff.headers)
  const { code, status, used } = again.errors![0].extensions
  assert.deepEqual([code, status, used.door], ['already_admitted', 409, 'Gate A'])

  const counts =
    'query ($e: Id!) { check_in_counts(event_id: $e) { sold admitted inside by_door { door admitted } } check_ins(event_id: $e) { edges { node { id kind } } } }'
  const seen = await ask(counts, { e: event.id }, staff.headers)
  assert.deepEqual(seen.data.check_in_counts, {
    sold: 2,
    admitted: 1,
    inside: 1,
    by_door: [{ door: 'Gate A', admitted: 1 }],
  })
  const undo = 'mutation ($id: Id!) { undo_check_in(id: $id) { kind undone_at } }'
  const act = { id: seen.data.check_ins.edges[0].node.id as number }
  assert.equal((await ask(undo, act, staff.headers)).errors![0].extensions.code, 'forbidden')
  assert.notEqual((await ask(undo, act, organizer.headers)).data.undo_check_in.undone_at, null)
})

test('an API key gets as far as its scope, and sells as a box office', async () => {
  const organizer = await make.anOrganizer()
  const event = await make.anEvent({ organizer_id: organizer.id, price: 5_000 })
  const customer = await make.aCustomer()
  const sell = bearer(await anApiKey(deps, organizer.id, ['sell']))
  const both = bearer(await anApiKey(deps, organizer.id, ['sell', 'read']))
  const book = `mutation ($e: Id!, $c: Id!) { book(input: { event_id: $e, customer_id: $c, quantity: 1 }) { status tickets { id } } }`
  const variables = { e: event.id, c: customer.id }
  const sold = await ask(book, variables, both)
  assert.deepEqual([sold.data.book.status, sold.data.book.tickets.length], ['success', 1])
  // What it sells is kept; to look at its tickets it has no scope.
  const unseen = await ask(book, variables, sell)
  assert.deepEqual([unseen.data, unseen.errors![0].extensions.code], [null, 'scope_missing'])
  const { data } = await ask('query ($e: Id) { bookings(event_id: $e) { edges { node { id } } } }', variables, both)
  assert.equal(data.bookings.edges.length, 2)
})

test('a key makes a mutation safe to send again, also by version 2', async () => {
  const customer = await signedIn('customer')
  const event = await make.anEvent({ price: 0 })
  const book = `mutation ($e: Id!, $q: Int, $k: String) { book(input: { event_id: $e, quantity: $q }, idempotency_key: $k) { id } }`
  const variables = { e: event.id, q: 1, k: 'once' }
  const first = await ask(book, variables, customer.headers)
  const second = await ask(book, variables, customer.headers)
  assert.equal(second.data.book.id, first.data.book.id)
  assert.deepEqual([first.headers['idempotency-replayed'], second.headers['idempotency-replayed']], [undefined, 'true'])
  const other = await ask(book, { ...variables, q: 2 }, customer.headers)
  assert.equal(other.errors![0].extensions.code, 'idempotency_key_reused')
  const rest = await customer.call(
    'POST',
    '/api/v2/bookings',
    { event_id: event.id, quantity: 1 },
    { 'idempotency-key': 'once' },
  )
  assert.equal(rest.body.id, first.data.book.id)

  const cancel = 'mutation ($id: Id!, $k: String) { cancel_booking(booking_id: $id, idempotency_key: $k) { status } }'
  const organizer = { id: first.data.book.id as number, k: 'cancel' }
  const admin = await signedIn('admin')
  for (const replayed of [undefined, 'true']) {
    const answer = await ask(cancel, organizer, admin.headers)
    assert.equal(answer.data.cancel_booking.status, 'cancelled')
    assert.equal(answer.headers['idempotency-replayed'], replayed)
  }
})

test('a hidden type is for the organizer to see, and money is spelt for who reads it', async () => {
  const organizer = await signedIn('organizer')
  const event = await make.anEvent({ organizer_id: organizer.id, price: 1_500 })
  const made = await organizer.call('POST', `/api/v2/events/${event.id}/ticket-types`, {
    name: 'Press',
    price: 0,
    hidden: true,
  })
  assert.equal(made.status, 201)
  const query = 'query ($id: Id!) { event(id: $id) { price_text ticket_types { name hidden } } }'
  const names = async (headers: Record<string, string>) =>
    ((await ask(query, { id: event.id }, headers)).data.event.ticket_types as { name: string }[]).map(
      ({ name }) => name,
    )
  assert.deepEqual([(await names({})).length, (await names(organizer.headers)).at(-1)], [1, 'Press'])
  const [en, id] = [await ask(query, { id: event.id }), await ask(query, { id: event.id }, { 'accept-language': 'id' })]
  assert.notEqual(en.data.event.price_text, id.data.event.price_text)
  assert.match(String(en.headers['vary']), /accept-language/)
})

test('each mutation counts against the budget of its route, and a document as one that is read', async () => {
  const { signedIn } = people(production)
  const customer = await signedIn('customer')
  const event = await factories(production.deps).anEvent()
  const book = `book(input: { event_id: ${event.id}, quantity: 1 }) { id }`
  const first = await asking(production)(`mutation { a: ${book} b: ${book} c: ${book} }`, {}, customer.headers)
  const [{ extensions, path }] = first.errors!
  assert.deepEqual([extensions.code, extensions.status, path], ['too_many_requests', 429, ['c']])
  // The same budget as of version 2.
  const rest = await customer.call('POST', '/api/v2/bookings', { event_id: event.id, quantity: 1 })
  assert.equal(rest.status, 429)
  for (let n = 2; n <= 4; n++)
    assert.equal((await asking(production)('{ __typename }', {}, customer.headers)).status, 200)
  const fifth = await asking(production)('{ __typename }', {}, customer.headers)
  assert.deepEqual([fifth.status, fifth.errors![0].extensions.code], [429, 'too_many_requests'])
  assert.ok(Number(fifth.headers['retry-after']) > 0)
})

test('a document that was sent with its hash may be named by it from then on', async () => {
  const query = '{ payment_providers }'
  const extensions = { persistedQuery: { version: 1, sha256Hash: sha256(query) } }
  const unknown = await post(app, JSON.stringify({ extensions }))
  assert.deepEqual([unknown.status, unknown.errors![0].message], [400, 'PersistedQueryNotFound'])
  assert.deepEqual((await post(app, JSON.stringify({ query, extensions }))).data, { payment_providers: ['sandbox'] })
  assert.deepEqual((await post(app, JSON.stringify({ extensions }))).data, { payment_providers: ['sandbox'] })
  const got = await app.inject({ url: '/graphql', query: { extensions: JSON.stringify(extensions) } })
  assert.deepEqual(resultOf(got).data, { payment_providers: ['sandbox'] })
})

test('a server with a list runs what is on it, and nothing else', async () => {
  const query = '{ payment_providers }'
  const documents = new Map([[sha256(query), query]])
  const { app } = await startApp({}, { graphql: { explorer: false, documents } })
  const extensions = { persistedQuery: { version: 1, sha256Hash: sha256(query) } }
  for (const body of [{ query }, { extensions }, { query, extensions }]) {
    assert.deepEqual((await post(app, JSON.stringify(body))).data, { payment_providers: [] })
  }
  for (const body of [{ query: '{ __typename }' }, { query: '{ __typename }', extensions }]) {
    const answer = await post(app, JSON.stringify(body))
    assert.deepEqual([answer.status, answer.errors![0].extensions.code], [403, 'document_not_listed'])
  }
})

test('the answer is in the type that is asked for', async () => {
  const body = JSON.stringify({ query: '{ __typename }' })
  const plain = await post(app, body)
  assert.equal(plain.headers['content-type'], 'application/json; charset=utf-8')
  const own = await post(app, body, { accept: 'application/graphql-response+json, application/json;q=0.9' })
  assert.equal(own.headers['content-type'], 'application/graphql-response+json; charset=utf-8')
})

test('the schema that is served is the file', async () => {
  const { data } = await ask(getIntrospectionQuery())
  const served = printSchema(lexicographicSortSchema(buildClientSchema(data as IntrospectionQuery)))
  assert.equal(served, printSchema(lexicographicSortSchema(buildSchema(sdl))))
})

test('the explorer is here, whole, and outside production alone', async () => {
  const page = await app.inject('/graphql/explorer')
  assert.equal(page.statusCode, 200)
  assert.match(String(page.headers['content-security-policy']), /^default-src 'none'; script-src 'self'/)
  const [, ...files] = ['', ...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1]!)
  assert.ok(files.length > 10)
  for (const file of files) {
    assert.doesNotMatch(file, /^(https?:)?\/\//)
    const url = file.startsWith('/') ? file : `/graphql/explorer/${file}`
    const { statusCode } = await app.inject(url === '/graphql/explorer/' ? '/graphql/explorer' : url)
    assert.equal(statusCode, 200, url)
  }
  assert.equal((await production.app.inject('/graphql/explorer')).statusCode, 404)
})
