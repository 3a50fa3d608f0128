import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startApp } from '../../../test/support/app.ts'
import { factories } from '../../../test/support/factories.ts'
import { people } from '../../../test/support/people.ts'

const started = await startApp({}, { auth: 'on' })
const { aBooking, anEvent } = factories(started.deps)
const { signedIn } = people(started)
const admin = await signedIn('admin')
const organizer = await signedIn('organizer')
const event = await anEvent({ organizer_id: organizer.id })
await aBooking({ event_id: event.id })
await aBooking()
const path = `/api/v2/events/${event.id}`
await organizer.call('PATCH', path, { price: 1 }, { 'if-match': '*', 'x-request-id': 'the-change' })

type Entry = { id: number; action: string; entity: string; organizer_id: number; address: string | null }
const list = async (query = '', who = admin): Promise<Entry[]> =>
  (await who.call('GET', `/api/v2/audit-entries?limit=100${query}`)).body.items

test('a change is written down with who, by which request, what was and what became', async () => {
  const [entry] = await list('&action=event_changed', organizer)
  assert.deepEqual(
    { ...entry, id: 0, at: '' },
    {
      id: 0,
      at: '',
      actor_id: organizer.id,
      actor: 'organizer',
      api_key_id: null,
      action: 'event_changed',
      entity: 'event',
      entity_id: event.id,
      request_id: 'the-change',
      address: null,
      was: { price: 50_000 },
      became: { price: 1 },
    },
  )
})

test('an organizer reads what concerns their own events, an admin everything, nobody else anything', async () => {
  const own = await list('', organizer)
  assert.deepEqual(
    new Set(own.map(({ action }) => action)),
    new Set(['event_changed', 'booking_created', 'event_created']),
  )
  assert.deepEqual(
    (await list(`&organizer_id=${organizer.id}`)).map(({ id }) => id),
    own.map(({ id }) => id),
  )
  const other = await signedIn('organizer')
  await other.call('POST', '/api/v2/api-keys', { name: 'Till', scopes: ['sell'] })
  assert.equal((await list('', other)).length, 1)
  assert.deepEqual(await list(`&organizer_id=${organizer.id}`, other), [])
  assert.ok((await list()).length > own.length)
  assert.equal((await list('&action=event_changed'))[0]!.address, '127.0.0.1')
  const customer = await signedIn('customer')
  assert.equal((await customer.call('GET', '/api/v2/audit-entries')).body.code, 'forbidden')
})

test('entries are narrowed by who, what and when', async () => {
  for (const entry of await list('&entity=booking')) assert.equal(entry.entity, 'booking')
  assert.deepEqual(
    (await list(`&entity=event&entity_id=${event.id}`)).map(({ action }) => action),
    ['event_changed', 'event_created'],
  )
  assert.ok((await list(`&actor_id=${organizer.id}`)).length >= 1)
  assert.deepEqual(await list('&at_from=2999-01-01T00:00:00Z'), [])
  assert.deepEqual(await list('&at_to=2001-01-01T00:00:00Z'), [])
  assert.deepEqual(await list('&action=nothing'), [])
  const { body } = await admin.call('GET', '/api/v2/audit-entries?entity=seat&entity_id=0&action=%C3%9C')
  const named: string[] = body.errors.map(({ pointer }: { pointer: string }) => pointer)
  assert.deepEqual(named.toSorted(), ['/action', '/entity', '/entity_id'])
})

test('entries come newest first, page by page, while more are written', async () => {
  const whole = (await list()).map(({ id }) => id)
  assert.deepEqual(
    whole,
    whole.toSorted((a, b) => b - a),
  )
  const paged: number[] = []
  let cursor = ''
  do {
    const { body } = await admin.call('GET', `/api/v2/audit-entries?limit=3${cursor}`)
    for (const { id } of body.items) paged.push(id)
    await aBooking({ event_id: event.id })
    cursor = body.next_cursor ? `&cursor=${body.next_cursor}` : ''
  } while (cursor)
  assert.deepEqual(paged, whole)
})
