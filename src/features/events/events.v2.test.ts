import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { startApp } from '../../../test/support/app.ts'
import { factories } from '../../../test/support/factories.ts'
import { people } from '../../../test/support/people.ts'

const started = await startApp({}, { auth: 'on' })
const { call, deps } = started
const { aBooking, anEvent } = factories(deps)
const { signedIn } = people(started)
const organizer = await signedIn('organizer')
const events = '/api/v2/events'
const konser = { title: 'Konser', location: 'Bandung', capacity: 5, price: 100, date: '2999-01-01T12:00:00Z' }

test('an organizer puts an event on sale without naming themselves, and is told where it is', async () => {
  const { status, headers, body } = await organizer.call('POST', events, konser)
  assert.equal(status, 201)
  assert.equal(headers['location'], `${events}/${body.id}`)
  assert.match(String(headers['etag']), /^"1\.\d{13}\.\d+\.5\.0"$/)
  assert.deepEqual([body.organizer_id, body.available_seat, body.status], [organizer.id, 5, 'available'])
  assert.deepEqual((await call('GET', `${events}/${body.id}`)).body, body)
})

test('every field that is wrong is named, by a pointer and in words', async () => {
  const wrong = { ...konser, title: undefined, capacity: '5', price: -1, date: 'tomorrow', 'a/b~c': 1 }
  const { status, body } = await organizer.call('POST', events, wrong)
  assert.deepEqual([status, body.code], [400, 'invalid_request'])
  const named = body.errors.toSorted((a: { pointer: string }, b: { pointer: string }) =>
    a.pointer < b.pointer ? -1 : 1,
  )
  assert.deepEqual(named, [
    { in: 'body', pointer: '/a~1b~0c', detail: 'a/b~c is not known here' },
    { in: 'body', pointer: '/capacity', detail: 'capacity must be an integer' },
    {
      in: 'body',
      pointer: '/date',
      detail: 'date must be a real date and time with a zone, such as 2030-12-31T19:00:00Z',
    },
    { in: 'body', pointer: '/price', detail: 'price must be at least 0' },
    { in: 'body', pointer: '/title', detail: 'title is required' },
  ])
})

test('what is wrong in a path or a query is named as such', async () => {
  const path = await call('GET', `${events}/x`)
  assert.deepEqual(path.body.errors, [{ in: 'path', pointer: '/id', detail: 'id must be an integer' }])
  const query = await call('GET', `${events}?limit=0&sort=seats`)
  const pointers: string[] = query.body.errors.map((one: { pointer: string }) => one.pointer)
  assert.deepEqual(pointers.toSorted(), ['/limit', '/sort'])
})

test('a parameter that is misspelt is named, not ignored', async () => {
  const { id } = await anEvent()
  for (const [method, path] of [
    ['GET', events],
    ['GET', `${events}/${id}`],
    ['DELETE', `${events}/${id}`],
  ] as const) {
    const { status, body } = await organizer.call(method, `${path}?satus=cancelled`)
    const detail = 'satus is not known here'
    assert.deepEqual([status, body.errors[0]], [400, { in: 'query', pointer: '/satus', detail }], `${method} ${path}`)
  }
  assert.equal((await call('GET', '/api/v1/events?satus=cancelled')).status, 200)
})

test('a patch changes what it names, in either content type, and no unknown field', async () => {
  const { id, organizer_id } = await anEvent({ organizer_id: organizer.id })
  for (const type of ['application/merge-patch+json', 'application/json']) {
    const headers = { 'content-type': type, 'if-match': '*' }
    const { status, body } = await organizer.call(
      'PATCH',
      `${events}/${id}`,
      { price: 7, status: 'unavailable' },
      headers,
    )
    assert.deepEqual([status, body.price, body.status, body.title], [200, 7, 'unavailable', 'Konser'])
  }
  const strange = await organizer.call('PATCH', `${events}/${id}`, { organizer_id, seats: 1 }, { 'if-match': '*' })
  assert.deepEqual(
    strange.body.errors.map((one: { pointer: string }) => one.pointer),
    ['/organizer_id', '/seats'],
  )
  const other = await organizer.call('PATCH', `${events}/${id}`, '{}', {
    'content-type': 'text/plain',
    'if-match': '*',
  })
  assert.deepEqual([other.status, other.body.code], [415, 'unsupported_content_type'])
  const patch = { 'content-type': 'application/merge-patch+json' }
  assert.equal((await call('POST', '/api/v1/auth/login', '{}', patch)).status, 415, 'version 1 takes no patches')
})

test('who has an event already is told so', async () => {
  const { id } = await anEvent()
  const { etag } = (await call('GET', `${events}/${id}`)).headers as { etag: string }
  for (const tags of [etag, `W/${etag}`, '*', `"other", ${etag}`]) {
    const again = await call('GET', `${events}/${id}`, undefined, { 'if-none-match': tags })
    assert.deepEqual([again.status, again.text, again.headers['etag']], [304, '', etag], tags)
  }
  await aBooking({ event_id: id })
  const sold = await call('GET', `${events}/${id}`, undefined, { 'if-none-match': etag })
  assert.deepEqual([sold.status, sold.body.available_seat], [200, 9], 'a sale is news')
})

test('a seat that was sold and given back is news, too, and no change of the event', async () => {
  const { id } = await anEvent({ organizer_id: organizer.id })
  const before = await call('GET', `${events}/${id}`)
  const { etag } = before.headers as { etag: string }
  const booking = await aBooking({ event_id: id })
  // Not in the same millisecond.
  await sleep(2)
  assert.equal((await organizer.call('POST', `/api/v2/bookings/${booking.id}/cancellation`, {})).status, 200)
  const again = await call('GET', `${events}/${id}`, undefined, { 'if-none-match': etag })
  assert.deepEqual([again.status, again.body?.available_seat], [200, before.body.available_seat])
  const patch = (tag: string, price: number) =>
    organizer.call('PATCH', `${events}/${id}`, { price }, { 'if-match': tag })
  assert.equal((await patch(etag, 2)).status, 200)
  assert.equal((await patch('"1.10.0"', 3)).status, 412)
  assert.equal((await patch('"2.10.0"', 3)).status, 200, 'a tag from before there was more in it')
})

test('a list has a tag, too', async () => {
  const { headers } = await call('GET', `${events}?limit=1&sort=id`)
  const again = await call('GET', `${events}?limit=1&sort=id`, undefined, { 'if-none-match': String(headers['etag']) })
  assert.equal(again.status, 304)
  assert.equal(again.headers['link'], headers['link'])
})

test('a change is made to what was read, or not at all', async () => {
  const { id } = await anEvent({ organizer_id: organizer.id })
  const path = `${events}/${id}`
  const { etag } = (await call('GET', path)).headers as { etag: string }
  const patch = (price: number, headers: Record<string, string>) => organizer.call('PATCH', path, { price }, headers)

  const blind = await patch(1, {})
  assert.deepEqual([blind.status, blind.body.code], [428, 'precondition_required'])
  await aBooking({ event_id: id })
  const first = await patch(2, { 'if-match': etag })
  assert.deepEqual([first.status, first.body.available_seat], [200, 9], 'a sale in between is no change of the event')
  const stale = await patch(3, { 'if-match': etag })
  assert.deepEqual([stale.status, stale.body.code], [412, 'precondition_failed'])
  for (const bad of ['', 'W/"2"', '2', '"2', '"2".9', 'nonsense']) {
    assert.equal((await patch(4, { 'if-match': bad })).status, 412, bad)
  }
  assert.equal((await patch(5, { 'if-match': `"77", ${String(first.headers['etag'])}` })).status, 200)
  assert.equal((await patch(6, { 'if-match': '*' })).body.price, 6)
})

test('of two who change the same version at once, one is told that it has changed', async () => {
  const { id } = await anEvent({ organizer_id: organizer.id })
  const change = (title: string) => organizer.call('PATCH', `${events}/${id}`, { title }, { 'if-match': '"1"' })
  const answers = await Promise.all(['one', 'two', 'three'].map(change))
  assert.deepEqual(
    answers.map(({ status }) => status).toSorted((a, b) => a - b),
    [200, 412, 412],
  )
})

test('another organizer changes nothing, and is not asked for a tag first', async () => {
  const { id } = await anEvent()
  const { status, body } = await organizer.call('PATCH', `${events}/${id}`, { price: 1 }, { 'if-match': '*' })
  assert.deepEqual([status, body.code], [403, 'not_own_event'])
  assert.equal((await organizer.call('DELETE', `${events}/${id}`)).body.code, 'not_own_event')
})

test('an event is deleted as it was read, where that is asked for', async () => {
  const { id } = await anEvent({ organizer_id: organizer.id })
  const path = `${events}/${id}`
  const tag = String((await organizer.call('GET', path)).headers['etag'])
  await organizer.call('PATCH', path, { price: 1 }, { 'if-match': tag })
  const remove = (match: string) => organizer.call('DELETE', path, undefined, { 'if-match': match })
  assert.equal((await remove(tag)).body.code, 'precondition_failed')
  assert.equal((await remove(String((await organizer.call('GET', path)).headers['etag']))).status, 204)
})

test('a deleted event is restored by an admin, closed', async () => {
  const admin = await signedIn('admin')
  const { id } = await anEvent({ organizer_id: organizer.id })
  const restore = (headers = {}) => admin.call('POST', `${events}/${id}/restoration`, undefined, headers)
  assert.equal((await restore()).body.code, 'nothing_to_restore')
  assert.equal((await organizer.call('DELETE', `${events}/${id}`)).status, 204)
  assert.equal((await call('GET', `${events}/${id}`)).body.code, 'event_not_found')
  assert.equal((await organizer.call('POST', `${events}/${id}/restoration`)).body.code, 'forbidden')
  const key = { 'idempotency-key': 'restore' }
  const restored = await restore(key)
  assert.deepEqual([restored.status, restored.body.status], [200, 'unavailable'])
  assert.equal((await restore(key)).headers['idempotency-replayed'], 'true')
  assert.equal((await restore()).body.code, 'nothing_to_restore')
  assert.equal((await call('GET', `${events}/${id}`)).status, 200)
})

test('lists are narrowed and ordered', async (t) => {
  const { id: organizer_id } = await signedIn('organizer')
  const made = [
    ['100% Jazz', 'Jakarta_Barat', 300, '2100-01-03T00:00:00Z'],
    ['1000 Jazz', 'JakartaXBarat', 100, '2100-01-02T00:00:00Z'],
    ['Rock', 'Bandung', 200, '2100-01-01T00:00:00Z'],
    ['rock|roll', 'Bandung', 200, '2100-01-04T00:00:00Z'],
  ] as const
  const admin = await signedIn('admin')
  for (const [title, location, price, date] of made) {
    const event = { organizer_id, title, location, price, date, capacity: 1 }
    assert.equal((await admin.call('POST', events, event)).status, 201)
  }
  const list = async (query: string) => {
    const { body } = await call('GET', `${events}?organizer_id=${organizer_id}&${query}`)
    return body.items.map((event: { title: string }) => event.title)
  }
  const [jazz, thousand, rock, roll] = made.map(([title]) => title)
  const { body } = await call('GET', `${events}?organizer_id=${organizer_id}&q=rock%7C`)
  const rollId: number = body.items[0].id
  await aBooking({ event_id: rollId })

  for (const [query, expected] of [
    ['', [rock, thousand, jazz, roll]],
    ['sort=-date', [roll, jazz, thousand, rock]],
    ['sort=id', [jazz, thousand, rock, roll]],
    ['sort=-id', [roll, rock, thousand, jazz]],
    ['sort=price', [thousand, rock, roll, jazz]],
    ['sort=-price', [jazz, roll, rock, thousand]],
    ['q=100%25', [jazz]],
    ['q=a_b', [jazz]],
    ['q=JAZZ', [thousand, jazz]],
    ['q=%7C', [roll]],
    ['location=bandung', [rock, roll]],
    ['q=nothing', []],
    ['price_min=200&price_max=200', [rock, roll]],
    ['price_min=201', [jazz]],
    ['date_from=2100-01-03T00:00:00Z', [jazz, roll]],
    ['date_to=2100-01-02T07:00:00%2B07:00', [rock, thousand]],
    ['status=available', [rock, thousand, jazz]],
    ['status=unavailable', [roll]],
  ] as const) {
    await t.test(query || 'as it is', async () => assert.deepEqual(await list(query), expected))
  }
  await t.test('sort=title is the same backwards, and page by page', async () => {
    const forwards = await list('sort=title')
    assert.deepEqual(await list('sort=-title'), forwards.toReversed())
    const paged: string[] = []
    let cursor: string | null = ''
    while (cursor !== null) {
      const more: string = cursor && `&cursor=${cursor}`
      const page = (await call('GET', `${events}?organizer_id=${organizer_id}&sort=title&limit=1${more}`)).body
      paged.push(page.items[0].title)
      cursor = page.next_cursor
    }
    assert.deepEqual(paged, forwards)
  })
})

test('the longest and oddest titles can be paged through', async () => {
  const { id: organizer_id, call: ask } = await signedIn('organizer')
  for (const title of ['\u0001'.repeat(255), '🎫'.repeat(255), '"\\'.repeat(127)]) {
    for (let n = 0; n < 2; n++) assert.equal((await ask('POST', events, { ...konser, title })).status, 201)
  }
  const seen: number[] = []
  let path: string | undefined = `${events}?organizer_id=${organizer_id}&sort=title&limit=1`
  while (path) {
    const { status, headers, body } = await call('GET', path)
    assert.equal(status, 200, JSON.stringify(body))
    seen.push(body.items[0].id)
    path = /^<(.+)>; rel="next"$/.exec((headers['link'] as string | undefined) ?? '')?.[1]
  }
  assert.equal(new Set(seen).size, 6)
})
