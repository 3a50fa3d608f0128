import assert from 'node:assert/strict'
import { test } from 'node:test'
import pino from 'pino'
import { buildApp } from '../../src/app.ts'
import { databaseTargetFromUrl } from '../../src/config.ts'
import { openDatabase } from '../../src/db/database.ts'
import { startApp } from '../support/app.ts'
import { testDeps } from '../support/deps.ts'
import { factories } from '../support/factories.ts'

const { call, deps, url } = await startApp()
const { anEvent, anOrganizer, aCustomer, aBooking } = factories(deps)

type Item = { id: number }
type Page = { items: Item[]; next: string | undefined }

async function pageOfV1(path: string): Promise<Page> {
  const { status, body } = await call('GET', path)
  assert.equal(status, 200)
  const url = new URL(path, 'http://localhost')
  url.searchParams.set('page', String(body.meta.page + 1))
  return { items: body.data, next: body.meta.has_more ? url.pathname + url.search : undefined }
}

/** By the Link header, which says the same as the body. */
async function pageOfV2(path: string): Promise<Page> {
  const { status, headers, body } = await call('GET', path)
  assert.equal(status, 200)
  const next = /^<(.+)>; rel="next"$/.exec((headers['link'] as string | undefined) ?? '')?.[1]
  const cursor = next === undefined ? null : new URL(next, 'http://localhost').searchParams.get('cursor')
  assert.equal(cursor, body.next_cursor)
  return { items: body.items, next }
}

/** All ids of a list, in the order in which they were seen, with something done between the pages. */
async function walk(path: string, read: (path: string) => Promise<Page>, between: (seen: number[]) => Promise<void>) {
  const seen: number[] = []
  let next: string | undefined = path
  for (let pages = 0; next !== undefined; pages++) {
    assert.ok(pages < 100, 'the list has an end')
    const page: Page = await read(next)
    for (const { id } of page.items) seen.push(id)
    await between(seen)
    next = page.next
  }
  return seen
}

for (const [name, prefix, query, read] of [
  ['version 1, by page number', '/api/v1', '', pageOfV1],
  ['version 2, by cursor', '/api/v2', '&sort=id', pageOfV2],
  ['version 2, backwards', '/api/v2', '&sort=-id', pageOfV2],
  ['version 2, by date', '/api/v2', '&sort=date', pageOfV2],
  ['version 2, by price backwards', '/api/v2', '&sort=-price', pageOfV2],
  ['version 2, by title, all the same', '/api/v2', '&sort=title', pageOfV2],
] as const) {
  test(`rows that come and go between pages neither hide nor repeat others: ${name}`, async () => {
    const { id: organizer_id } = await anOrganizer()
    const make = async (n: number) =>
      (await anEvent({ organizer_id, price: (n % 4) * 10, date: `2999-01-0${1 + (n % 5)}T00:00:00Z` })).id
    const made: number[] = []
    for (let n = 0; n < 24; n++) made.push(await make(n))
    // One in three goes, some of them seen and some not; as many come.
    const leaving = made.filter((_, n) => n % 3 === 1)
    const staying = made.filter((_, n) => n % 3 !== 1)
    let n = 0
    const seen = await walk(`${prefix}/events?organizer_id=${organizer_id}&limit=4${query}`, read, async () => {
      for (const id of [leaving.shift(), leaving.pop()]) {
        if (id !== undefined) assert.ok((await call('DELETE', `/api/v2/events/${id}`)).status === 204)
      }
      if (n < 12) await make(n++)
    })
    assert.equal(new Set(seen).size, seen.length, 'a row came twice')
    const all = new Set(seen)
    assert.deepEqual(
      staying.filter((id) => !all.has(id)),
      [],
      'a row that was there all the time was missed',
    )
  })
}

for (const [name, prefix, read] of [
  ['version 1', '/api/v1', pageOfV1],
  ['version 2', '/api/v2', pageOfV2],
] as const) {
  test(`bookings and tickets that come and go between pages neither hide nor repeat others: ${name}`, async () => {
    const { id: customer_id } = await aCustomer()
    const { id: event_id } = await anEvent({ capacity: 1_000 })
    const made: number[] = []
    for (let n = 0; n < 12; n++) made.push((await aBooking({ customer_id, event_id, quantity: 2 })).id)
    const leaving = made.filter((_, n) => n % 4 === 2)
    for (const list of ['bookings', 'tickets']) {
      const path = `${prefix}/${list}?customer_id=${customer_id}&limit=3`
      const before = await walk(path, read, async () => {})
      const gone = leaving.shift()!
      const tickets = (await call('GET', `/api/v2/bookings/${gone}/tickets`)).body.items as Item[]
      const lost = new Set(list === 'bookings' ? [gone] : tickets.map(({ id }) => id))
      let isGone = false
      const seen = await walk(path, read, async () => {
        if (isGone) return
        isGone = true
        assert.equal((await call('DELETE', `/api/v2/bookings/${gone}`)).status, 204)
        await aBooking({ customer_id, event_id, quantity: 1 })
      })
      assert.equal(new Set(seen).size, seen.length)
      const all = new Set(seen)
      assert.deepEqual(
        before.filter((id) => !all.has(id) && !lost.has(id)),
        [],
        list,
      )
    }
  })
}

/** Eight events of one organizer, and how each page of two of them is read: by their places among the eight. */
async function eightEvents() {
  const { id: organizer_id } = await anOrganizer()
  const ids: number[] = []
  for (let n = 0; n < 8; n++) ids.push((await anEvent({ organizer_id })).id)
  const path = (page: number) => `/api/v1/events?organizer_id=${organizer_id}&limit=2&page=${page}`
  const placesOf = ({ data }: { data: Item[] }) => data.map(({ id }) => ids.indexOf(id))
  return { ids, path, placesOf }
}

test('version 1: who begins after a change goes by it, whatever others read of the old pages', async () => {
  const { ids, path, placesOf } = await eightEvents()
  const page = async (number: number) => placesOf((await call('GET', path(number))).body)
  const pages = async (...numbers: number[]) => {
    const read: number[][] = []
    for (const number of numbers) read.push(await page(number))
    return read
  }
  assert.deepEqual(await pages(1, 2, 3), [
    [0, 1],
    [2, 3],
    [4, 5],
  ])
  await call('DELETE', `/api/v2/events/${ids[0]}`)
  // Others go on where they were, and what they read is kept for a moment.
  assert.deepEqual(await pages(2, 3), [
    [2, 3],
    [4, 5],
  ])
  assert.deepEqual(await pages(1, 2, 3, 4), [[1, 2], [3, 4], [5, 6], [7]])
})

test('version 1: pages read on two servers in turn fit together, whatever one of them was asked long ago', async (t) => {
  const database = await openDatabase(databaseTargetFromUrl(url), 2)
  const other = await buildApp(testDeps(database), pino({ level: 'silent' }), { auth: 'off' })
  t.after(async () => {
    await other.close()
    await database.close()
  })
  const { ids, path, placesOf } = await eightEvents()
  const here = async (page: number) => placesOf((await call('GET', path(page))).body)
  const there = async (page: number) => placesOf((await other.inject({ url: path(page) })).json())
  for (const page of [1, 2, 3]) await here(page)
  await call('DELETE', `/api/v2/events/${ids[0]}`)
  const now = performance.now.bind(performance)
  t.mock.method(performance, 'now', () => now() + 3_001)
  assert.deepEqual([await there(1), await here(2), await there(3), await here(4)], [[1, 2], [3, 4], [5, 6], [7]])
})

test('the bounds of a page are kept in version 2', async () => {
  for (const limit of ['0', '101', '-1', '1.5', 'x', '', '1e2', '1&limit=2']) {
    const { status, body } = await call('GET', `/api/v2/events?limit=${limit}`)
    assert.deepEqual([status, body.code, body.errors[0].pointer], [400, 'invalid_request', '/limit'], limit)
  }
  for (const limit of [1, 100]) {
    const { body } = await call('GET', `/api/v2/events?limit=${limit}`)
    assert.equal(body.items.length, limit)
  }
})

test('a list takes no cursor but its own', async () => {
  const cursorOf = async (query: string) =>
    (await call('GET', `/api/v2/events?limit=1&${query}`)).body.next_cursor as string
  const made = await cursorOf('sort=date')
  const write = (parts: unknown) => Buffer.from(JSON.stringify(parts)).toString('base64url')
  for (const [name, path] of Object.entries({
    'of another order': `events?sort=price&cursor=${made}`,
    'of the order backwards': `events?sort=-date&cursor=${made}`,
    'of another list': `bookings?cursor=${made}`,
    'no base64': 'events?cursor=%F0%9F%8E%AB',
    'no JSON': 'events?cursor=AAAA',
    'no key': `events?sort=id&cursor=${write({ id: 1 })}`,
    'a key that is too short': `events?sort=date&cursor=${write(['date,id', 1])}`,
    'no id': `events?sort=id&cursor=${write(['id', '1'])}`,
    'an id beyond all': `events?sort=id&cursor=${write(['id', 2 ** 60])}`,
    'a fraction': `events?sort=id&cursor=${write(['id', 1.5])}`,
    'an object': `events?sort=date&cursor=${write(['date,id', {}, 1])}`,
    null: `events?sort=date&cursor=${write(['date,id', null, 1])}`,
  })) {
    const { status, body } = await call('GET', `/api/v2/${path}`)
    assert.deepEqual([status, body.code], [400, 'invalid_cursor'], name)
  }
})
