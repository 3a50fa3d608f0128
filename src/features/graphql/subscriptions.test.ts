import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { createClient, type Client } from 'graphql-ws'
import { WebSocket } from 'ws'
import { until } from '../../../test/support/access-ground.ts'
import { startApp } from '../../../test/support/app.ts'
import { factories } from '../../../test/support/factories.ts'
import { people, type Person } from '../../../test/support/people.ts'

const settings = { auth: 'on', graphql: { explorer: false }, cors_origins: ['https://pages.example'] } as const
const started = await startApp({}, settings)
const { app, deps } = started
const make = factories(deps)
const { signedIn } = people(started)
await app.listen({ port: 0, host: '127.0.0.1' })
const { port } = app.server.address() as AddressInfo
const url = `ws://127.0.0.1:${port}/graphql`

/** A client that gives up at once, and what it was told. */
function connect(person?: Pick<Person, 'headers'>): Client {
  return createClient({
    url,
    webSocketImpl: WebSocket,
    retryAttempts: 0,
    lazyCloseTimeout: 0,
    ...(person && { connectionParams: { authorization: person.headers['authorization'] } }),
  })
}

// oxlint-disable-next-line typescript/no-explicit-any -- a test looks at what it expects, and fails where it is not
type Got = { items: any[]; end: () => void; ended: Promise<unknown> }

function subscribe(client: Client, query: string): Got {
  const items: unknown[] = []
  let end = () => {}
  const ended = new Promise((resolve) => {
    end = client.subscribe(
      { query },
      { next: (item) => items.push(item), error: resolve, complete: () => resolve(undefined) },
    )
  })
  return { items, end: () => end(), ended }
}

test('a visitor sees the seats of an event go', async () => {
  const event = await make.anEvent()
  const got = subscribe(connect(), `subscription { event_changed(id: ${event.id}) { seq event { available_seat } } }`)
  await until(() => got.items.length === 1)
  assert.equal(got.items[0].data.event_changed.event.available_seat, 10)
  await make.aBooking({ event_id: event.id, quantity: 3 })
  await until(() => got.items.length === 2)
  const [before, after] = got.items.map(({ data }) => data.event_changed)
  assert.equal(after.event.available_seat, 7)
  assert.ok(after.seq > before.seq)
  got.end()
  const again = subscribe(
    connect(),
    `subscription { event_changed(id: ${event.id}, after: ${before.seq}) { seq event { available_seat } } }`,
  )
  await until(() => again.items.length === 1)
  assert.deepEqual(again.items[0].data.event_changed, after)
  again.end()
})

test('a customer sees what becomes of their own bookings', async () => {
  const customer = await signedIn('customer')
  const got = subscribe(
    connect(customer),
    'subscription { my_updates { seq read_anew booking { id status } notification { kind } } }',
  )
  await until(() => got.items.length === 1)
  assert.equal(got.items[0].data.my_updates.read_anew, true)
  await make.aBooking()
  const mine = await make.aBooking({ customer_id: customer.id })
  const bookings = () => got.items.filter(({ data }) => data.my_updates.booking)
  await until(() => bookings().length === 1)
  assert.deepEqual(bookings()[0].data.my_updates.booking, { id: mine.id, status: 'success' })
  got.end()
})

test('an organizer sees what is sold and who has come, and nobody else does', async () => {
  const [organizer, customer] = [await signedIn('organizer'), await signedIn('customer')]
  const { id } = await make.anEvent({ organizer_id: organizer.id })
  await make.aBooking({ event_id: id, quantity: 2 })
  for (const [query, shown] of [
    [
      `subscription { sales(event_id: ${id}) { sales { sold held by_type { sold total } takings { net } } } }`,
      { sales: { sales: { sold: 2, held: 0, by_type: [{ sold: 2, total: 100_000 }], takings: [] } } },
    ],
    [
      `subscription { check_ins(event_id: ${id}) { counts { sold inside } } }`,
      { check_ins: { counts: { sold: 2, inside: 0 } } },
    ],
  ] as const) {
    const got = subscribe(connect(organizer), query)
    await until(() => got.items.length === 1)
    assert.deepEqual(got.items[0], { data: shown })
    got.end()
    const refused = subscribe(connect(customer), query)
    await refused.ended
    assert.equal(refused.items[0].errors[0].extensions.code, 'forbidden')
  }
})

test('what can not be subscribed to is refused in the protocol’s own form', async () => {
  const client = connect()
  for (const [query, code] of [
    ['subscription { my_updates { seq } }', 'not_signed_in'],
    ['subscription { event_changed(id: 999999) { seq } }', 'event_not_found'],
    ['subscription { event_changed(id: 1) { nothing } }', 'invalid_document'],
    ['subscription { event_changed(id: 1) { seq } my_updates { seq } }', 'invalid_document'],
    ['subscription { event_changed(id: "x") { seq } }', 'invalid_document'],
    ['{ me { id } }', 'operation_not_here'],
    ['mutation { undo_check_in(id: 1) { id } }', 'operation_not_here'],
    [`subscription { ${'a { '.repeat(20)} b ${'}'.repeat(20)} }`, 'document_too_complex'],
    ['subscription { ...f } fragment f on Subscription { ...f }', 'invalid_document'],
    ['no GraphQL', 'invalid_document'],
  ] as const) {
    const got = subscribe(client, query)
    const errors = ((await got.ended) ?? got.items[0]?.errors) as { extensions: { code: string } }[]
    assert.equal(errors[0]!.extensions.code, code, query)
  }
  await client.dispose()
})

async function raw(origin?: string, protocol = 'graphql-transport-ws') {
  const socket = new WebSocket(url, protocol, origin === undefined ? {} : { origin })
  const closed = once(socket, 'close').then(([code]) => code as number)
  await Promise.race([once(socket, 'open'), closed])
  return { socket, closed, send: (message: unknown) => socket.send(JSON.stringify(message)) }
}

test('who keeps to no protocol is closed with a code of it', async () => {
  const init = { type: 'connection_init' }
  const watching = (id: string) => ({
    id,
    type: 'subscribe',
    payload: { query: 'subscription { event_changed(id: 1) { seq } }' },
  })
  for (const [messages, code] of [
    [['{'], 4400],
    [[null], 4400],
    [[{ type: 'nothing' }], 4400],
    [[watching('a')], 4401],
    [[init, init], 4429],
    [[init, watching('a'), watching('a')], 4409],
    [[{ ...init, payload: { authorization: 'Bearer nonsense' } }], 4403],
    [[{ ...init, payload: { authorization: { a: 1 } } }], 4403],
    [['x'.repeat(70_000)], 1009],
    [Array.from({ length: 250 }, () => ({ type: 'ping' })), 1008],
  ] as const) {
    const { socket, closed, send } = await raw()
    for (const [n, message] of messages.entries()) {
      if (n > 0 && messages[n - 1] === init) await once(socket, 'message')
      if (typeof message === 'string') socket.send(message)
      else send(message)
    }
    assert.equal(await closed, code, JSON.stringify(messages[0])?.slice(0, 50))
  }
  assert.equal(await (await raw(undefined, 'graphql-ws')).closed, 4406)
})

test('a connection has so many subscriptions, and no more', async () => {
  const { id } = await make.anEvent()
  const { socket, send } = await raw()
  const answers: { id: string; type: string; payload: { extensions: { code: string } }[] }[] = []
  socket.on('message', (data: Buffer) => answers.push(JSON.parse(data.toString()) as (typeof answers)[number]))
  send({ type: 'connection_init' })
  await until(() => answers.length === 1)
  const query = `subscription { event_changed(id: ${id}) { seq } }`
  for (let n = 1; n <= 21; n++) send({ id: `${n}`, type: 'subscribe', payload: { query } })
  await until(() => answers.length === 22)
  const refused = answers.filter(({ type }) => type === 'error')
  assert.deepEqual(
    refused.map(({ payload }) => payload[0]!.extensions.code),
    ['too_many_channels'],
  )
  socket.close()
})

test('pages of other origins may not connect', async () => {
  for (const origin of ['https://elsewhere.example', 'null']) {
    await assert.rejects(raw(origin), /403/)
  }
  for (const origin of ['https://pages.example', `http://127.0.0.1:${port}`, 'http://tickets.test']) {
    const { socket } = await raw(origin)
    socket.close()
  }
})

test('with the session, its subscriptions end', { timeout: 30_000 }, async () => {
  const customer = await signedIn('customer')
  const got = subscribe(connect(customer), 'subscription { my_updates { seq } }')
  await until(() => got.items.length === 1)
  assert.equal((await customer.call('POST', '/api/v2/auth/logout', {})).status, 204)
  const [error] = (await got.ended) as [{ extensions: { code: string } }]
  assert.equal(error.extensions.code, 'invalid_token')
})
