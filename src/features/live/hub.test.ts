import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import pino from 'pino'
import { announce } from '../../db/changes.ts'
import { sharedRead } from '../../db/shared-read.ts'
import { inTransaction } from '../../db/transaction.ts'
import { system, visitor } from '../../lib/caller.ts'
import { toTimestamp } from '../../lib/time.ts'
import { openTestDatabase } from '../../../test/support/database.ts'
import { testDeps } from '../../../test/support/deps.ts'
import { factories } from '../../../test/support/factories.ts'
import { until } from '../../../test/support/until.ts'
import { identities } from '../accounts/identities.ts'
import { listEventsByIds } from '../events/events.sql.ts'
import { openFeed } from './feed.ts'
import { openHub } from './hub.ts'
import type { LiveMessage } from './live.ts'

const log = pino({ level: 'silent' })
const { database, drop } = await openTestDatabase()
const deps = testDeps(database)
const make = factories(deps)
const feed = await openFeed(deps, { log })
let readings = 0
const shared = sharedRead(database, listEventsByIds)
const events: typeof shared = {
  find(id) {
    readings++
    return shared.find(id)
  },
}
const live = openHub({ ...deps, feed, events, identities: identities(database, deps.now) }, log)
after(async () => {
  await live.close()
  await feed.close()
  await drop()
})

const someone = { ...visitor, request_id: null, address: null }
const seatsIn = ({ data }: LiveMessage) => (data as { event: { available_seat: number } }).event.available_seat
const change = (ids: Parameters<typeof announce>[2]) =>
  inTransaction(database, async (tx) => announce(tx, toTimestamp(deps.now()), ids))

test('a burst is joined to ten messages a second, read once for all, and the last one is where things stand', async () => {
  const { id } = await make.anEvent({ capacity: 1_000 })
  const heard: LiveMessage[][] = [[], [], []]
  const ends = await Promise.all(
    heard.map((messages) => live.subscribe(someone, `event:${id}`, (message) => messages.push(message))),
  )
  await until(() => heard.every((messages) => messages.length === 1))
  readings = 0
  const start = performance.now()
  for (let n = 0; n < 60; n++) {
    await make.aBooking({ event_id: id })
    await sleep(2)
  }
  await until(() => seatsIn(heard[0]!.at(-1)!) === 940)
  const took_s = (performance.now() - start) / 1_000
  const [one, ...others] = heard as [LiveMessage[], ...LiveMessage[][]]
  const joined = one.length - 1
  assert.ok(joined <= took_s * 10 + 2, `${joined} messages in ${took_s} s`)
  assert.equal(readings, joined)
  const seqs = one.map(({ seq }) => seq)
  assert.deepEqual(
    seqs,
    [...new Set(seqs)].toSorted((a, b) => a - b),
  )
  // The same object for all, which is serialised once.
  for (const other of others) assert.ok(other.every((message, index) => message === one[index]))
  for (const end of ends) end()
  await make.aBooking({ event_id: id })
  await sleep(250)
  assert.equal(one.length, joined + 1)
})

test('who begins to look on just after another is given the same reading', async () => {
  const { id } = await make.anEvent()
  const heard: LiveMessage[] = []
  await live.subscribe(someone, `event:${id}`, (message) => heard.push(message))
  await until(() => heard.length === 1)
  await Promise.all(
    Array.from({ length: 50 }, () => live.subscribe(someone, `event:${id}`, (message) => heard.push(message))),
  )
  await until(() => heard.length >= 51)
  // Or two, if the feed had yet to tell that the event was made.
  assert.ok(new Set(heard).size <= 2)
})

test('of an account with more changes than are worth telling one by one, it is said that there are', async () => {
  const { id } = await make.aCustomer()
  const heard: LiveMessage[] = []
  const caller = { ...system, user_id: id, role: 'customer' as const }
  await live.subscribe(caller, 'me', (message) => heard.push(message))
  assert.deepEqual(
    heard.map(({ type }) => type),
    ['read_anew'],
  )
  await change({ bookings: Array.from({ length: 100 }, (_, n) => [1_000 + n, id] as const) })
  await until(() => heard.length === 2)
  assert.equal(heard[1]!.type, 'read_anew')
  assert.ok(heard[1]!.seq > heard[0]!.seq)
})

test('who was away for longer than is remembered, or comes from a future, reads anew', async () => {
  const { id } = await make.aCustomer()
  const caller = { ...system, user_id: id, role: 'customer' as const }
  const seen: string[] = []
  const endOfFirst = await live.subscribe(caller, 'me', ({ type }) => seen.push(type))
  const begin = feed.position()
  await make.aBooking({ customer_id: id })
  await until(() => seen.includes('booking'))
  endOfFirst()
  for (const [after, types] of [
    [begin, ['booking']],
    [feed.position(), []],
    [feed.position() + 1_000, ['read_anew']],
  ] as const) {
    const heard: string[] = []
    const end = await live.subscribe(caller, 'me', ({ type }) => heard.push(type), after)
    assert.deepEqual(heard, types, `after ${after}`)
    end()
  }
})

test('who waits long for the first reading hears all that comes after it', async () => {
  const { id } = await make.anEvent({ capacity: 10 })
  const [hasAsked, mayBegin] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const slow: typeof feed = {
    ...feed,
    async begun() {
      hasAsked.resolve()
      await mayBegin.promise
      await feed.begun()
    },
  }
  const own = { ...deps, feed: slow, events, identities: identities(database, deps.now) }
  const hub = openHub(own, log, { linger_ms: 20 })
  const heard: LiveMessage[] = []
  const subscribing = hub.subscribe(someone, `event:${id}`, (message) => heard.push(message))
  await hasAsked.promise
  await sleep(60)
  mayBegin.resolve()
  const end = await subscribing
  await until(() => heard.length === 1)
  await sleep(60)
  await make.aBooking({ event_id: id })
  await until(() => seatsIn(heard.at(-1)!) === 9)
  end()
  await hub.close()
})

test('when changes may have been missed, all who look on begin anew', async () => {
  const { id: user_id } = await make.aCustomer()
  const { id: event_id } = await make.anEvent({ capacity: 10 })
  let lose = () => {}
  const losing: typeof feed = {
    ...feed,
    listen(listener, lost) {
      lose = lost!
      return feed.listen(listener, lost)
    },
  }
  const hub = openHub({ ...deps, feed: losing, events, identities: identities(database, deps.now) }, log)
  const [mine, seen]: [string[], LiveMessage[]] = [[], []]
  const end = [
    await hub.subscribe({ ...system, user_id, role: 'customer' }, 'me', ({ type }) => mine.push(type), feed.position()),
    await hub.subscribe(someone, `event:${event_id}`, (message) => seen.push(message)),
  ]
  await until(() => seen.length === 1)
  // Nobody has announced it.
  await database.writer.updateTable('event').set({ available_seat: 4 }).where('id', '=', event_id).execute()
  lose()
  await until(() => seen.length === 2)
  assert.deepEqual([seen.map(seatsIn), mine], [[10, 4], ['read_anew']])
  for (const one of end) one()
  await hub.close()
})
