import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startApp } from '../../../test/support/app.ts'
import { aDeadMessage, aMessage, rowOf } from '../../../test/support/outbox.ts'
import { people } from '../../../test/support/people.ts'
import { toTimestamp } from '../../lib/time.ts'

let woken = 0
let later_ms = 0
const now = () => new Date(Date.parse('2030-06-01T12:00:00Z') + later_ms)
const started = await startApp({ wake: () => void woken++, now }, { auth: 'on' })
const { deps } = started
const admin = await people(started).signedIn('admin')
const retry = (id: number, headers = {}) =>
  admin.call('POST', `/api/v2/outbox-messages/${id}/retry`, undefined, headers)
const list = async (query: string) => (await admin.call('GET', `/api/v2/outbox-messages?${query}`)).body

test('an admin sees the dead, latest first, and those that wait, the next one first; no payloads', async () => {
  const dead = []
  for (let n = 0; n < 3; n++) {
    dead.unshift(await aDeadMessage(deps))
    later_ms += 1_000
  }
  await aMessage(deps, { key: 'tomorrow', payload: 'secret', run_at: '2030-06-02 12:00:00.000' })
  await aMessage(deps, { key: 'today', payload: 'secret', run_at: '2030-06-01 13:00:00.000' })
  const paged: number[] = []
  let cursor = ''
  do {
    const { items, next_cursor } = await list(`limit=2${cursor}`)
    for (const { id } of items) paged.push(id)
    cursor = next_cursor ? `&cursor=${next_cursor}` : ''
  } while (cursor)
  assert.deepEqual(paged, dead)
  const { items } = await list('state=waiting')
  assert.deepEqual(
    items.map(({ key }: { key: string }) => key),
    ['today', 'tomorrow'],
  )
  assert.deepEqual(Object.keys(items[0]).toSorted(), [
    'attempts',
    'created_at',
    'dead_at',
    'id',
    'key',
    'kind',
    'last_error',
    'run_at',
  ])
  assert.doesNotMatch(JSON.stringify(items), /secret/)
})

test('a cursor of one list is none of the other', async () => {
  const { next_cursor } = await list('state=dead&limit=1')
  assert.equal((await list(`state=waiting&cursor=${next_cursor}`)).code, 'invalid_cursor')
  assert.equal((await list('state=done')).code, 'invalid_request')
})

test('a dead message that is retried is due at once, once, and it is written down who did it', async () => {
  const id = await aDeadMessage(deps)
  woken = 0
  const key = { 'idempotency-key': 'retry-1' }
  const first = await retry(id, key)
  assert.deepEqual([first.status, first.body.attempts, first.body.dead_at, woken], [200, 0, null, 1])
  const again = await retry(id, key)
  assert.deepEqual([again.text, again.headers['idempotency-replayed'], woken], [first.text, 'true', 1])
  const { run_at, attempts } = await rowOf(deps, first.body.key)
  assert.deepEqual([run_at, attempts], [toTimestamp(deps.now()), 0])
  const { body } = await admin.call('GET', `/api/v2/audit-entries?entity=outbox_message&entity_id=${id}`)
  assert.deepEqual(
    body.items.map(({ action, actor_id }: { action: string; actor_id: number }) => [action, actor_id]),
    [['outbox_message_retried', admin.id]],
  )
})

test('what is not dead, or not there, is not retried', async () => {
  const { id } = await aMessage(deps, { key: 'alive' })
  for (const none of [id, 999_999]) assert.equal((await retry(none)).body.code, 'outbox_message_not_found')
  assert.equal((await rowOf(deps, 'alive')).attempts, 0)
})
