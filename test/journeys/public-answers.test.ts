import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import pino from 'pino'
import { buildApp } from '../../src/app.ts'
import { databaseTargetFromUrl } from '../../src/config.ts'
import { openDatabase } from '../../src/db/database.ts'
import { addImage } from '../../src/features/images/add-image.ts'
import { system } from '../../src/lib/caller.ts'
import { startApp } from '../support/app.ts'
import { testDeps } from '../support/deps.ts'
import { factories } from '../support/factories.ts'
import { people } from '../support/people.ts'

let clock = Date.now()
const now = () => new Date(clock)
const page = 'https://tickets.example'
const started = await startApp({ now }, { auth: 'on', cors_origins: [page] })
const { call, deps, url } = started
const { anEvent, aBooking } = factories(deps)
const { signedIn } = people(started)
const [organizer, customer, admin] = [await signedIn('organizer'), await signedIn('customer'), await signedIn('admin')]
const match = { 'if-match': '*' }

/** Another server on the same database, which is made to forget what it keeps. */
const database = await openDatabase(databaseTargetFromUrl(url), 2)
const cold = await buildApp(testDeps(database, { now }), pino({ level: 'silent' }), { auth: 'on' })
after(async () => {
  await cold.close()
  await database.close()
})
async function readCold(path: string, headers: Record<string, string>): Promise<string> {
  const events = Array.from({ length: 50 }, (_, n) => n)
  database.changes.tell({ events, bookings: [], check_ins: [], mails: [] })
  return (await cold.inject({ url: path, headers })).body
}

const pagesOf = (id: number) => [
  `/events/${id}`,
  `/api/v1/events/${id}`,
  `/api/v2/events/${id}`,
  `/api/v2/events/${id}/ticket-types`,
  `/api/v2/events/${id}/images`,
  '/events',
  '/api/v1/events?limit=5&status=available',
  '/api/v2/events',
  '/api/v2/events?sort=-price&limit=2',
]

test('after each change, and before anything else, every page shows it', async () => {
  const event = await anEvent({ organizer_id: organizer.id, capacity: 20 })
  const path = `/api/v2/events/${event.id}`
  const typePath = (id: number) => `/api/v2/ticket-types/${id}`
  const first = (await call('GET', `${path}/ticket-types`)).body.items[0].id as number
  let [booking, deleted, type, image] = [0, 0, 0, 0]
  const renditions = (['small', 'medium', 'large'] as const).map((size) => ({
    size,
    bytes: Buffer.from(size),
    width: 10,
    height: 10,
  }))
  const changes: [what: string, change: () => Promise<{ status: number; body: { id: number } } | void>][] = [
    ['a booking', async () => void (booking = (await aBooking({ event_id: event.id, customer_id: customer.id })).id)],
    [
      'a booking by version 1',
      async () => {
        const order = { customer_id: customer.id, event_id: event.id, quantity: 2 }
        deleted = (await customer.call('POST', '/bookings', order)).body.data.id
      },
    ],
    ['a cancelled booking', () => organizer.call('POST', `/api/v2/bookings/${booking}/cancellation`, {})],
    ['a deleted booking', () => admin.call('DELETE', `/api/v2/bookings/${deleted}`)],
    [
      'other words',
      () => organizer.call('PUT', `/events/${event.id}`, { title: 'Konser ☃', location: 'Bandung', capacity: 30 }),
    ],
    ['a description', () => organizer.call('PATCH', path, { description: 'Two stages', currency: 'IDR' }, match)],
    [
      'a new type',
      async () => {
        const added = await organizer.call('POST', `${path}/ticket-types`, { name: 'VIP', price: 9, capacity: 5 })
        type = added.body.id
      },
    ],
    [
      'a booking of it',
      () =>
        customer.call('POST', '/api/v2/bookings', {
          event_id: event.id,
          items: [{ ticket_type_id: type, quantity: 2 }],
        }),
    ],
    ['a dearer type', () => organizer.call('PATCH', typePath(first), { price: 70_000 }, match)],
    ['a hidden type', () => organizer.call('PATCH', typePath(type), { hidden: true }, match)],
    ['a type less', () => organizer.call('DELETE', typePath(type))],
    ['a picture', async () => void (image = (await addImage(deps, system, event.id, renditions, 'A stage')).image.id)],
    ['other words on it', () => organizer.call('PATCH', `${path}/images/${image}`, { alt: 'Two stages' })],
    ['no picture', () => organizer.call('DELETE', `${path}/images/${image}`)],
    ['a closed sale', () => organizer.call('PATCH', path, { status: 'unavailable' }, match)],
    ['another event', () => organizer.call('POST', '/api/v2/events', { ...event_to_come, title: 'Another' })],
    ['a cancelled event', () => organizer.call('POST', `${path}/cancellation`, {})],
  ]
  const readers: [string, Record<string, string>][] = [
    ['a visitor', {}],
    ['the customer', customer.headers],
    ['the organizer', organizer.headers],
    ['a visitor who reads Indonesian', { 'accept-language': 'id' }],
  ]
  const readAll = async () => {
    const read = pagesOf(event.id).flatMap((path) =>
      readers.map(async ([who, headers]) => [`${path} for ${who}`, (await call('GET', path, undefined, headers)).text]),
    )
    return Object.fromEntries(await Promise.all(read)) as Record<string, string>
  }
  let before = await readAll()
  for (const [what, change] of changes) {
    const answer = await change()
    assert.ok(!answer || answer.status < 300, `${what}: ${JSON.stringify(answer)}`)
    const shown = await readAll()
    for (const path of pagesOf(event.id)) {
      for (const [who, headers] of readers) {
        assert.equal(shown[`${path} for ${who}`], await readCold(path, headers), `${path} for ${who} after ${what}`)
      }
    }
    assert.notDeepEqual(shown, before, `${what} shows nowhere`)
    before = shown
  }
})

const event_to_come = { title: 'Konser', location: 'Bandung', capacity: 5, price: 100, date: '2999-01-01T12:00:00Z' }

test('a deleted event is gone at once, and back at once', async () => {
  const { id } = await anEvent({ organizer_id: organizer.id })
  for (const path of pagesOf(id).slice(0, 5)) assert.equal((await call('GET', path)).status, 200)
  await organizer.call('DELETE', `/events/${id}`)
  for (const path of pagesOf(id).slice(0, 5)) {
    const { status, headers } = await call('GET', path)
    assert.deepEqual([status, headers['cache-control']], [404, 'no-store'], path)
  }
  assert.equal((await admin.call('POST', `/api/v2/events/${id}/restoration`)).status, 200)
  for (const path of pagesOf(id).slice(0, 5)) assert.equal((await call('GET', path)).status, 200)
})

test('what is on sale changes with the time, to the second', async () => {
  const event = await anEvent({ organizer_id: organizer.id })
  const opens = new Date(Math.ceil(clock / 1_000) * 1_000 + 60_000)
  const sales_open_at = opens.toISOString().replace('.000', '')
  await organizer.call('PATCH', `/api/v2/events/${event.id}`, { sales_open_at }, match)
  const onSale = async () => (await call('GET', `/api/v2/events/${event.id}/ticket-types`)).body.items[0].on_sale
  clock = opens.getTime() - 1
  assert.equal(await onSale(), false)
  clock = opens.getTime()
  assert.equal(await onSale(), true)
})

test('hidden types are shown to the organizer and to nobody else, in whichever order they ask', async () => {
  const event = await anEvent({ organizer_id: organizer.id })
  const path = `/api/v2/events/${event.id}/ticket-types`
  await organizer.call('POST', path, { name: 'Friends', price: 0, hidden: true })
  const other = await signedIn('organizer')
  for (const [who, count, control] of [
    [organizer, 2, 'no-store'],
    [customer, 1, 'private, no-cache'],
    [admin, 2, 'no-store'],
    [{ call }, 1, 'public, max-age=0, s-maxage=1, must-revalidate'],
    [other, 1, 'private, no-cache'],
    [organizer, 2, 'no-store'],
  ] as const) {
    const { body, headers } = await who.call('GET', path)
    assert.deepEqual([body.items.length, headers['cache-control']], [count, control])
    assert.match(String(headers['vary']), /authorization/)
  }
})

test('every page has a tag, and 304 for who has it already, until it changes', async () => {
  const event = await anEvent({ organizer_id: organizer.id })
  const tags = new Map<string, string>()
  for (const path of pagesOf(event.id)) {
    const { headers } = await call('GET', path)
    tags.set(path, headers['etag'] as string)
    for (const method of ['GET', 'HEAD']) {
      for (const known of [tags.get(path)!, `W/${tags.get(path)}`, `"other", ${tags.get(path)}`, '*']) {
        const again = await call(method, path, undefined, { 'if-none-match': known })
        assert.deepEqual([again.status, again.text, again.headers['etag']], [304, '', tags.get(path)], path)
        assert.equal(again.headers['cache-control'], headers['cache-control'])
        assert.equal(again.headers['vary'], headers['vary'])
      }
    }
    assert.equal((await call('GET', path, undefined, { 'if-none-match': '"other"' })).status, 200)
  }
  await aBooking({ event_id: event.id })
  await organizer.call('DELETE', `/events/${(await anEvent({ organizer_id: organizer.id })).id}`)
  for (const [path, tag] of tags) {
    const isSame = path.endsWith('/images') || path.endsWith('limit=2')
    const { status } = await call('GET', path, undefined, { 'if-none-match': tag })
    if (!isSame) assert.equal(status, 200, path)
  }
  // A change is meant for the version, which the tag of version 2 begins with.
  const { headers } = await call('GET', `/api/v2/events/${event.id}`)
  const matching = { 'if-match': String(headers['etag']) }
  const changed = await organizer.call('PATCH', `/api/v2/events/${event.id}`, { title: 'New' }, matching)
  assert.equal(changed.status, 200)
})

test('a CDN may keep what visitors get, told apart by what it depends on, and nothing of who is signed in', async () => {
  const event = await anEvent()
  for (const path of pagesOf(event.id)) {
    const isOfLanguage = path.startsWith('/api/v2/') && !path.endsWith('/images')
    const vary = `Origin, ${isOfLanguage ? 'accept-language, ' : ''}authorization`
    const visitor = await call('GET', path, undefined, { origin: page })
    assert.deepEqual(
      [visitor.headers['cache-control'], visitor.headers['vary'], visitor.headers['access-control-allow-origin']],
      ['public, max-age=0, s-maxage=1, must-revalidate', vary, page],
      path,
    )
    assert.equal((await call('GET', path)).headers['vary'], vary, path)
    const signedIn = await customer.call('GET', path)
    assert.equal(signedIn.headers['cache-control'], 'private, no-cache', path)
    assert.equal(signedIn.text, visitor.text)
    assert.equal(visitor.headers['set-cookie'], undefined)
  }
  assert.equal((await customer.call('GET', '/api/v2/bookings')).headers['cache-control'], 'no-store')
})

test('a list says where it goes on, in the URL that was asked, whether it was read or kept', async () => {
  await anEvent()
  await anEvent()
  const first = await call('GET', '/api/v2/events?limit=1&sort=id')
  const again = await call('GET', '/api/v2/events?sort=id&limit=1')
  assert.equal(again.text, first.text)
  const cursor = first.body.next_cursor as string
  assert.equal(first.headers['link'], `</api/v2/events?limit=1&sort=id&cursor=${cursor}>; rel="next"`)
  assert.equal(again.headers['link'], `</api/v2/events?sort=id&limit=1&cursor=${cursor}>; rel="next"`)
  const next = await call('GET', `/api/v2/events?limit=1&sort=id&cursor=${cursor}`)
  assert.notEqual(next.body.items[0].id, first.body.items[0].id)
  assert.equal((await call('GET', '/api/v2/events?cursor=nonsense')).body.code, 'invalid_cursor')
})
