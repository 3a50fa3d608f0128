import assert from 'node:assert/strict'
import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { anApiKey } from '../support/access-ground.ts'
import { startApp } from '../support/app.ts'
import { factories } from '../support/factories.ts'
import {
  closeLiveClients,
  eventStream,
  liveClient,
  refusal,
  type Heard,
  type LiveClient,
} from '../support/live-client.ts'
import { people, type Person } from '../support/people.ts'
import { until } from '../support/until.ts'

const site = 'https://tickets.example'
const ground = await startApp({}, { auth: 'on', cors_origins: [site] })
const { app, deps, call } = ground
const { signedIn } = people(ground)
const make = factories(deps)
await app.listen({ port: 0, host: '127.0.0.1' })
const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`
after(closeLiveClients)

const tokenOf = ({ headers }: Person) => headers['authorization']!.slice('Bearer '.length)
const typesOf = (heard: Heard[]): string[] => heard.map(({ type }): string => type).toSorted()
const isOf = (type: string) => (message: Heard) => message.type === type

async function lookOn(client: LiveClient, channel: string, after?: number): Promise<void> {
  client.say({ type: 'subscribe', channel, ...(after !== undefined && { after }) })
  await client.next((message) => message.type === 'subscribed' && message.channel === channel)
}

test('a visitor sees where an event stands, and each booking as it is made', async () => {
  const event = await make.anEvent({ capacity: 10 })
  const client = await liveClient(url)
  await lookOn(client, `event:${event.id}`)
  const before = await client.next(isOf('event'))
  assert.equal(before.channel, `event:${event.id}`)
  assert.equal(before.data.event.available_seat, 10)
  assert.equal(before.data.ticket_types[0].available_seat, 10)
  await make.aBooking({ event_id: event.id, quantity: 3 })
  const then = await client.next(isOf('event'))
  assert.equal(then.data.event.available_seat, 7)
  assert.ok(then.seq > before.seq)
  // As the API shows it to a visitor, and nothing else of the row.
  const { body } = await call('GET', `/api/v2/events/${event.id}`)
  assert.deepEqual(then.data.event, body)
  const types = await call('GET', `/api/v2/events/${event.id}/ticket-types`)
  assert.deepEqual(then.data.ticket_types, types.body.items)
  client.close()
})

test('whoever comes back is sent what they missed, and nothing if they missed nothing', async () => {
  const event = await make.anEvent()
  const first = await liveClient(url)
  await lookOn(first, `event:${event.id}`)
  await first.next(isOf('event'))
  await make.aBooking({ event_id: event.id })
  await first.next((message) => message.data?.event?.available_seat === 9)
  const { seq } = first.heard.at(-1)
  first.close()
  const second = await liveClient(url)
  await lookOn(second, `event:${event.id}`, seq)
  await sleep(250)
  assert.deepEqual(typesOf(second.heard), ['subscribed'])
  second.close()
  await second.closed
  await make.aBooking({ event_id: event.id })
  const third = await liveClient(url)
  await lookOn(third, `event:${event.id}`, seq)
  assert.equal((await third.next(isOf('event'))).data.event.available_seat, 8)
  third.close()
})

test('a customer sees their bookings and mails, and not those of others', async () => {
  const [customer, other] = [await signedIn('customer'), await signedIn('customer')]
  const event = await make.anEvent()
  const client = await liveClient(url)
  client.say({ type: 'subscribe', channel: 'me' })
  assert.equal((await client.next(isOf('error'))).code, 'not_signed_in')
  client.say({ type: 'authenticate', token: tokenOf(customer), id: 'a' })
  assert.deepEqual(await client.next(isOf('authenticated')), {
    type: 'authenticated',
    user_id: customer.id,
    role: 'customer',
    in_reply_to: 'a',
  })
  await lookOn(client, 'me')
  const begin = await client.next(isOf('read_anew'))
  await make.aBooking({ event_id: event.id, customer_id: other.id })
  const booking = await make.aBooking({ event_id: event.id, customer_id: customer.id })
  const seen = await client.next(isOf('booking'))
  assert.ok(seen.seq > begin.seq)
  assert.deepEqual(seen.data, (await customer.call('GET', '/api/v2/bookings')).body.items[0])
  assert.equal(seen.data.id, booking.id)
  await customer.call('POST', '/api/v2/auth/confirm-email/request', {})
  const told = await client.next(isOf('notification'))
  assert.deepEqual(Object.keys(told.data).toSorted(), [
    'booking_id',
    'created_at',
    'event_id',
    'id',
    'kind',
    'ticket_id',
  ])
  assert.equal(client.heard.filter(({ type }) => type === 'booking').length, 1)
  client.close()

  const again = await liveClient(url, customer.headers)
  await lookOn(again, 'me', begin.seq)
  assert.equal((await again.next(isOf('booking'))).data.id, booking.id)
  await again.next(isOf('notification'))
  again.close()
  const later = await liveClient(url, customer.headers)
  await lookOn(later, 'me', Number.MAX_SAFE_INTEGER)
  await later.next(isOf('read_anew'))
  later.close()
})

test('sales are for the organizer, doors for staff, too', async () => {
  const [organizer, rival] = [await signedIn('organizer'), await signedIn('organizer')]
  const event = await make.anEvent({ organizer_id: organizer.id, capacity: 5, price: 100 })
  const sales = `event:${event.id}/sales`
  const doors = `event:${event.id}/check-ins`

  const mine = await liveClient(url, organizer.headers)
  await lookOn(mine, sales)
  assert.deepEqual(await mine.next(isOf('sales')).then(({ data }) => [data.sold, data.held]), [0, 0])
  await lookOn(mine, doors)
  assert.equal((await mine.next(isOf('check_ins'))).data.admitted, 0)
  const booking = await make.aBooking({ event_id: event.id, quantity: 2 })
  const sold = await mine.next(isOf('sales'))
  assert.deepEqual(
    [sold.data.sold, sold.data.held, sold.data.available_seat, sold.data.by_type[0].sold, sold.data.by_type[0].total],
    [2, 0, 3, 2, 200],
  )
  const tickets = (await organizer.call('GET', `/api/v2/bookings/${booking.id}/tickets`)).body.items
  const admitted = await organizer.call('POST', '/api/v2/check-ins', {
    code: tickets[0].ticket_code,
    event_id: event.id,
  })
  assert.equal(admitted.status, 200, admitted.text)
  assert.equal((await mine.next((message) => message.data?.admitted === 1)).data.inside, 1)
  mine.close()

  for (const [who, channel, code] of [
    [rival, sales, 'not_own_event'],
    [rival, doors, 'not_own_event'],
    [await signedIn('staff'), sales, 'not_own_event'],
    [await signedIn('customer'), doors, 'not_own_event'],
    [undefined, sales, 'not_signed_in'],
    [rival, 'event:999999', 'event_not_found'],
  ] as const) {
    const client = await liveClient(url, who?.headers)
    client.say({ type: 'subscribe', channel, id: '1' })
    const { code: said, in_reply_to } = await client.next(isOf('error'))
    assert.deepEqual([said, in_reply_to], [code, '1'], channel)
    client.close()
  }
})

test('staff look on at the doors that they were given, until they are sent away', async () => {
  const [organizer, staff] = [await signedIn('organizer'), await signedIn('staff')]
  const event = await make.anEvent({ organizer_id: organizer.id })
  const team = `/api/v2/events/${event.id}/staff`
  assert.equal((await organizer.call('POST', team, { email: staff.email, name: 'Gate' })).status, 201)
  const client = await liveClient(url, staff.headers)
  await lookOn(client, `event:${event.id}/check-ins`)
  await client.next(isOf('check_ins'))
  assert.equal((await organizer.call('DELETE', `${team}/${staff.id}`)).status, 204)
  assert.equal((await client.next(isOf('ended'))).data.code, 'not_own_event')
  client.close()
})

test('an API key looks on as far as its scope goes', async () => {
  const organizer = await signedIn('organizer')
  const event = await make.anEvent({ organizer_id: organizer.id })
  const [reads, sells] = [await anApiKey(deps, organizer.id, ['read']), await anApiKey(deps, organizer.id, ['sell'])]
  const reader = await liveClient(url, { authorization: `Bearer ${reads}` })
  await lookOn(reader, `event:${event.id}/sales`)
  await reader.next(isOf('sales'))
  reader.say({ type: 'subscribe', channel: 'me' })
  assert.equal((await reader.next(isOf('error'))).code, 'scope_missing')
  reader.close()
  const seller = await liveClient(url, { authorization: `Bearer ${sells}` })
  seller.say({ type: 'subscribe', channel: `event:${event.id}/sales` })
  assert.equal((await seller.next(isOf('error'))).code, 'scope_missing')
  seller.close()
})

test('who is signed out looks on at what is public alone', async () => {
  const customer = await signedIn('customer')
  const event = await make.anEvent()
  const client = await liveClient(url, customer.headers)
  await lookOn(client, 'me')
  await lookOn(client, `event:${event.id}`)
  assert.equal((await customer.call('POST', '/api/v2/auth/logout-all', {})).status < 300, true)
  const end = await client.next(isOf('ended'))
  assert.deepEqual([end.channel, end.data.code], ['me', 'invalid_token'])
  await make.aBooking({ event_id: event.id })
  await client.next((message) => message.data?.event?.available_seat === 9)
  client.say({ type: 'authenticate', token: tokenOf(customer) })
  assert.equal((await client.next(isOf('error'))).code, 'invalid_token')
  client.close()
})

test('an event that is deleted ends its channels', async () => {
  const organizer = await signedIn('organizer')
  const event = await make.anEvent({ organizer_id: organizer.id })
  const client = await liveClient(url)
  await lookOn(client, `event:${event.id}`)
  assert.equal((await organizer.call('DELETE', `/api/v2/events/${event.id}`)).status, 204)
  assert.equal((await client.next(isOf('ended'))).data.code, 'event_not_found')
  client.close()
})

test('what makes no sense is told, and the connection goes on', async () => {
  const client = await liveClient(url)
  for (const [sent, code, message] of [
    ['{', 'invalid_body', /one JSON object/],
    ['[]', 'invalid_body', /one JSON object/],
    ['{"type":"dance","id":"x"}', 'invalid_request', /type must be one of authenticate, subscribe/],
    ['{"type":"subscribe"}', 'invalid_request', /channel is required/],
    ['{"type":"subscribe","channel":"event:0"}', 'invalid_request', /channel must be event:7/],
    ['{"type":"subscribe","channel":"event:7","after":-1}', 'invalid_request', /after must be at least 0/],
    ['{"type":"subscribe","channel":"event:7","then":1}', 'invalid_request', /then is not known here/],
    ['{"type":"authenticate","token":"nonsense"}', 'invalid_token', /access token/],
    [`{"type":"ping","id":"${'x'.repeat(101)}"}`, 'invalid_request', /id must be at most/],
  ] as const) {
    client.say(sent)
    const error = await client.next(isOf('error'))
    assert.equal(error.code, code, sent)
    assert.match(error.message, message, sent)
  }
  client.say({ type: 'ping', id: 'still there' })
  assert.deepEqual(await client.next(isOf('pong')), { type: 'pong', in_reply_to: 'still there' })
  client.close()
})

test('frames that are too large or no text, and floods, end the connection by their codes', async () => {
  const large = await liveClient(url)
  large.say({ type: 'ping', id: 'x'.repeat(10_000) })
  assert.equal((await large.closed).code, 1009)
  const binary = await liveClient(url)
  binary.socket.send(Buffer.from('{"type":"ping"}'))
  assert.equal((await binary.closed).code, 1003)
  const flood = await liveClient(url)
  for (let n = 0; n < 200; n++) flood.say({ type: 'ping' })
  assert.equal((await flood.closed).code, 4029)
  const many = await liveClient(url)
  const { id } = await make.anEvent()
  for (let n = 0; n <= 20; n++)
    many.say({ type: 'subscribe', channel: n < 20 ? `event:${(await make.anEvent()).id}` : `event:${id}` })
  assert.equal((await many.next(isOf('error'))).code, 'too_many_channels')
  many.close()
})

test('a client that does not read is cut off, and nobody waits for it', async () => {
  const event = await make.anEvent()
  const upgraded = once(app.server, 'upgrade')
  const slow = await liveClient(url)
  const [, line] = (await upgraded) as [IncomingMessage, Socket]
  const quick = await liveClient(url)
  await lookOn(slow, `event:${event.id}`)
  await lookOn(quick, `event:${event.id}`)
  await quick.next(isOf('event'))
  // What it is sent are no frames.
  slow.socket.on('error', () => {})
  slow.socket.pause()
  // More than all buffers on the way take.
  line.write('x'.repeat(20_000_000))
  assert.ok(line.writableLength > 1_000_000)
  await make.aBooking({ event_id: event.id })
  await quick.next(isOf('event'))
  await until(() => line.destroyed)
  await make.aBooking({ event_id: event.id })
  await quick.next(isOf('event'))
  slow.socket.terminate()
  quick.close()
})

test('pages of other origins are refused before there is a connection', async () => {
  for (const origin of ['https://evil.example', 'null', `${url}.evil.example`, 'https://tickets.example.evil']) {
    const { status, body } = await refusal(url, { origin })
    assert.deepEqual([status, body.code], [403, 'origin_refused'], origin)
    const stream = await eventStream(url, 'event:1', { origin })
    assert.deepEqual([stream.status, stream.heard[0].code], [403, 'origin_refused'], origin)
  }
  for (const origin of [url, site, 'http://tickets.test']) (await liveClient(url, { origin })).close()
})

test('GET /live without a WebSocket says what is there', async () => {
  const answer = await app.inject('/live')
  assert.deepEqual(
    [answer.statusCode, answer.json().code, answer.headers['upgrade']],
    [426, 'websocket_expected', 'websocket'],
  )
})

test('a handshake that makes no sense is answered as if there were none', async () => {
  const key = { 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==' }
  for (const headers of [
    {},
    { 'sec-websocket-key': 'short' },
    { ...key, 'sec-websocket-version': '12' },
    { ...key, 'sec-websocket-protocol': 'a, a' },
    { ...key, 'sec-websocket-protocol': 'a b' },
  ]) {
    const offer = { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13', ...headers }
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      request(`${url}/live`, { headers: offer }).on('response', resolve).on('error', reject).end()
    })
    const text = (await answer.toArray()).join('')
    assert.deepEqual([answer.statusCode, JSON.parse(text).code], [426, 'websocket_expected'])
    assert.equal(answer.headers['content-type'], 'application/problem+json')
    assert.equal(answer.headers['sec-websocket-version'], '13')
  }
})

test('a HEAD opens no stream', async () => {
  for (const path of ['/live', '/live/events?channels=event:1']) {
    assert.equal((await app.inject({ method: 'HEAD', url: path })).statusCode, 405, path)
  }
})

test('an upgrade to something else goes on as HTTP/1.1, and one of another path is refused', async () => {
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const headers = { connection: 'Upgrade, HTTP2-Settings', upgrade: 'h2c', 'http2-settings': '' }
    const asked = request(`${url}/api/v2/auth/login`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
    })
    asked.on('response', resolve).on('error', reject)
    asked.end('{"email":"nobody@example.com","password":"password123"}')
  })
  assert.equal(answer.statusCode, 401)
  answer.resume()
  const { status, body } = await refusal(url, {}, '/api/v2/live')
  assert.deepEqual([status, body.code], [404, 'route_not_found'])
})

test('who is refused before the route is reached has no connection left', async () => {
  const upgraded = once(app.server, 'upgrade')
  const { status, body } = await refusal(url, {}, `/live?${'long'.repeat(3_000)}`)
  assert.deepEqual([status, body.code], [414, 'url_too_long'])
  const [, line] = (await upgraded) as [IncomingMessage, Socket]
  await until(() => line.destroyed)
})

test('a WebSocket is offered in vain where no route takes one, and nothing is left open', async () => {
  let upgrades = 0
  const count = () => upgrades++
  app.server.on('upgrade', count)
  const { status, body } = await refusal(url, {}, '/graphql')
  app.server.off('upgrade', count)
  assert.deepEqual([status, body.error, upgrades], [404, 'route not found', 0])
})

test('a token that ended meanwhile opens nothing', async () => {
  const customer = await signedIn('customer')
  const client = await liveClient(url, customer.headers)
  await customer.call('POST', '/api/v2/auth/logout-all', {})
  client.say({ type: 'subscribe', channel: 'me' })
  assert.equal((await client.next(isOf('error'))).code, 'invalid_token')
  client.close()
})

test('server-sent events are the same stream, and come back by Last-Event-ID', async () => {
  const customer = await signedIn('customer')
  const event = await make.anEvent()
  const channels = `event:${event.id},me`
  const stream = await eventStream(url, channels, customer.headers)
  assert.deepEqual([stream.status, stream.type], [200, 'text/event-stream; charset=utf-8'])
  await until(() => stream.heard.length === 2)
  assert.deepEqual(typesOf(stream.heard), ['event', 'read_anew'])
  assert.match(stream.text(), /^retry: \d+\n\n/)
  await make.aBooking({ event_id: event.id, customer_id: customer.id })
  await until(() => stream.heard.length === 4)
  assert.deepEqual(typesOf(stream.heard.slice(2)), ['booking', 'event'])
  stream.close()
  await make.aBooking({ event_id: event.id })
  const again = await eventStream(url, channels, { ...customer.headers, 'last-event-id': stream.ids.at(-1)! })
  await until(() => again.heard.length === 1)
  assert.deepEqual([again.heard[0].type, again.heard[0].data.event.available_seat], ['event', 8])
  again.close()
})

test('a stream that is refused is told so by its status, in the form of version 2', async () => {
  for (const [channels, headers, status, code] of [
    ['', {}, 400, 'invalid_request'],
    ['event:1,dance', {}, 400, 'invalid_request'],
    ['me', {}, 401, 'not_signed_in'],
    ['event:999999', {}, 404, 'event_not_found'],
    ['event:1', { 'last-event-id': 'nonsense' }, 400, 'invalid_request'],
  ] as const) {
    const stream = await eventStream(url, channels, headers)
    assert.deepEqual([stream.status, stream.type, stream.heard[0].code], [status, 'application/problem+json', code])
  }
})

test('a server that stops tells its clients when to come back', async () => {
  const event = await make.anEvent()
  const client = await liveClient(url)
  const stream = await eventStream(url, `event:${event.id}`)
  await until(() => stream.heard.length === 1)
  await app.close()
  assert.equal((await client.closed).code, 1012)
  assert.ok(client.heard.at(-1).retry_ms > 0)
  await stream.ended
  assert.equal(stream.heard.at(-1).type, 'closing')
})
