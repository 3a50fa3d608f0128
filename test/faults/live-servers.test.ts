import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { createEmptyDatabase, onSqlite } from '../support/database.ts'
import { closeLiveClients, eventStream, liveClient, type LiveClient } from '../support/live-client.ts'
import { hasRedis, privateRedis } from '../support/private-redis.ts'
import { http, killLeftovers, startServer, type Server } from '../support/servers.ts'
import { until } from '../support/until.ts'

/** What is promised is a quarter of a second; this machine may be busy with other tests. */
const seen_ms_max = 2_000

/** The servers are the same on any database, so once is enough; what differs is in feed.test.ts. */
const skip = !onSqlite && process.env['KARCIS_FAULTS'] !== 'long' && 'run on SQLite, and in the long form'

const database = await createEmptyDatabase()
const redis = await privateRedis()
const servers: Server[] = []
after(async () => {
  closeLiveClients()
  for (const server of servers) await server.stop()
  killLeftovers()
  await redis.remove()
  await database.drop()
})

async function aServer(env: Record<string, string> = {}): Promise<Server> {
  const server = await startServer(database.url, env)
  servers.push(server)
  return server
}

async function anEvent({ url }: Server): Promise<number> {
  const organizer = {
    name: 'O',
    email: `o.${performance.now()}@example.com`,
    password: 'password123',
    role: 'organizer',
  }
  const { body } = await http('POST', `${url}/api/v2/users`, organizer)
  const event = { organizer_id: body.id, title: 'Konser', location: 'Jakarta', capacity: 1_000, date: '2999-12-31T19:00:00Z' } // prettier-ignore
  return (await http('POST', `${url}/api/v2/events`, event)).body.id as number
}

async function aCustomer({ url }: Server): Promise<number> {
  const customer = { name: 'C', email: `c.${performance.now()}@example.com`, password: 'password123', role: 'customer' }
  return (await http('POST', `${url}/api/v2/users`, customer)).body.id as number
}

const book = async ({ url }: Server, event_id: number, customer_id: number) => {
  const { status } = await http('POST', `${url}/api/v2/bookings`, { event_id, customer_id, quantity: 1 })
  assert.equal(status, 201)
}

/** Seats as the client was last told. */
const seatsOf = ({ heard }: LiveClient): number => heard.findLast(({ type }) => type === 'event')?.data.event.available_seat // prettier-ignore

/** Books on one server until a client of another one sees it; how long that took after the answer. */
async function watchBookings(seller: Server, client: LiveClient, event: number, customer: number): Promise<string> {
  const took_ms: number[] = []
  for (let n = 0; n < 5; n++) {
    const left = seatsOf(client)
    await book(seller, event, customer)
    const answered = performance.now()
    await until(() => seatsOf(client) < left)
    took_ms.push(Math.round(performance.now() - answered))
  }
  const sorted = took_ms.toSorted((a, b) => a - b)
  assert.ok(sorted.at(-1)! < seen_ms_max, `${sorted.at(-1)} ms`)
  return `${sorted[2]} ms after its answer, ${sorted.at(-1)} ms at the latest`
}

async function lookOn(server: Server, event: number, after?: number): Promise<LiveClient> {
  const client = await liveClient(server.url)
  client.say({ type: 'subscribe', channel: `event:${event}`, ...(after !== undefined && { after }) })
  await client.next(({ type }) => type === 'subscribed')
  return client
}

const said = ({ output }: Server, words: string) => output().split(words).length - 1

test('what one server sells is seen on another, by the database alone, and by streams, too', { skip }, async (t) => {
  const [seller, other] = [await aServer(), await aServer()]
  const [event, customer] = [await anEvent(seller), await aCustomer(seller)]
  const client = await lookOn(other, event)
  const stream = await eventStream(other.url, `event:${event}`)
  await client.next(({ type }) => type === 'event')
  t.diagnostic(`by the database alone: ${await watchBookings(seller, client, event, customer)}`)
  await until(() => stream.heard.at(-1)?.data.event.available_seat === seatsOf(client))
  const seqs = client.heard.filter(({ type }) => type === 'event').map(({ seq }): number => seq)
  assert.deepEqual(
    seqs,
    seqs.toSorted((a, b) => a - b),
  )
  stream.close()
  client.close()
})

test('a client of a server that is killed goes on at another one, from where it was', { skip }, async () => {
  const [seller, other] = servers as [Server, Server]
  const [event, customer] = [await anEvent(seller), await aCustomer(seller)]
  const before = await lookOn(other, event)
  const { seq } = await before.next(({ type }) => type === 'event')
  await other.stop('SIGKILL')
  await before.closed
  await book(seller, event, customer)
  const after = await lookOn(seller, event, seq)
  await until(() => seatsOf(after) === 999)
  const last = after.heard.at(-1).seq as number
  after.close()
  const again = await lookOn(seller, event, last)
  again.say({ type: 'ping' })
  await again.next(({ type }) => type === 'pong')
  assert.deepEqual(
    again.heard.map(({ type }): string => type),
    ['subscribed', 'pong'],
  )
  again.close()
})

test(
  'with Redis servers tell each other, and without it they see it all the same',
  { skip: skip || (!hasRedis && 'redis-server is not installed') },
  async (t) => {
    await redis.start()
    const env = { REDIS_URL: redis.url }
    const [seller, other] = [await aServer(env), await aServer(env)]
    const [event, customer] = [await anEvent(seller), await aCustomer(seller)]
    const client = await lookOn(other, event)
    await client.next(({ type }) => type === 'event')
    t.diagnostic(`with Redis: ${await watchBookings(seller, client, event, customer)}`)
    const before = said(other, 'Redis is lost: changes')
    await redis.kill('SIGKILL')
    await until(() => said(other, 'Redis is lost: changes') > before)
    t.diagnostic(`without: ${await watchBookings(seller, client, event, customer)}`)
    await redis.start()
    await until(() => said(other, 'servers tell each other of their changes') > before)
    t.diagnostic(`and with it: ${await watchBookings(seller, client, event, customer)}`)
    // Each loss is said once, and its end: a machine that is busy with other tests may lose it more often.
    const [lost, back] = [
      said(other, 'Redis is lost: changes'),
      said(other, 'servers tell each other of their changes'),
    ]
    assert.ok(lost - back <= 1, other.output())
    client.close()
    // Both stop in good order with clients there.
    const [one, stream] = [await lookOn(other, event), await eventStream(other.url, `event:${event}`)]
    assert.equal(await other.stop(), 0)
    assert.equal((await one.closed).code, 1012)
    await stream.ended
    assert.equal(await seller.stop(), 0)
  },
)
