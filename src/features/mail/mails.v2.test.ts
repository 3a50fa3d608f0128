import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startApp } from '../../../test/support/app.ts'
import { factories } from '../../../test/support/factories.ts'
import { aSentMail, outboxRows } from '../../../test/support/outbox.ts'
import { people } from '../../../test/support/people.ts'
import { putMail } from './put-mail.ts'
import { removeOldMails } from './old-mails.ts'
import { inTransaction } from '../../db/transaction.ts'
import { toTimestamp } from '../../lib/time.ts'

const started = await startApp({}, { auth: 'on' })
const { deps } = started
const { signedIn } = people(started)
const { aBooking, anEvent } = factories(deps)
const organizer = await signedIn('organizer')
const admin = await signedIn('admin')

const setStatus = (id: number, status: 'waiting' | 'sent' | 'failed' | 'dropped') =>
  inTransaction(deps.database, (tx) => tx.updateTable('mail').set({ status }).where('id', '=', id).execute())

test('organizers see the mails about their events, without the whole address', async () => {
  const { id: event_id } = await anEvent({ organizer_id: organizer.id })
  const { id: booking_id, customer_id } = await aBooking({ event_id })
  await inTransaction(deps.database, (tx) =>
    putMail(tx, {
      kind: 'booking_confirmed',
      key: `booking ${booking_id} confirmed`,
      to: { user_id: customer_id },
      organizer_id: organizer.id,
      event_id,
      booking_id,
      details: {},
      at: toTimestamp(deps.now()),
    }),
  )
  const { id: own } = (await organizer.call('GET', '/api/v2/mails')).body.items[0]
  const foreign = await aSentMail(deps, (await signedIn('organizer')).id)
  for (const filter of [
    '',
    `event_id=${event_id}`,
    `booking_id=${booking_id}`,
    'status=waiting',
    'kind=booking_confirmed',
  ]) {
    const { body } = await organizer.call('GET', `/api/v2/mails?${filter}`)
    assert.deepEqual(
      body.items.map(({ id, to, status }: Record<string, unknown>) => [id, to, status]),
      [[own, 'c***@example.com', 'waiting']],
      filter,
    )
  }
  assert.deepEqual((await organizer.call('GET', '/api/v2/mails?status=failed')).body.items, [])
  const all = (await admin.call('GET', '/api/v2/mails')).body.items as { id: number }[]
  assert.ok(all.some(({ id }) => id === own) && all.some(({ id }) => id === foreign))
})

test('what was sent, failed or dropped is sent again; what waits is not', async () => {
  const id = await aSentMail(deps, organizer.id)
  const again = () => organizer.call('POST', `/api/v2/mails/${id}/retry`)
  for (const status of ['sent', 'failed', 'dropped'] as const) {
    await setStatus(id, status)
    const { status: code, body } = await again()
    assert.deepEqual([code, body.status], [200, 'waiting'])
    assert.deepEqual([(await again()).status, (await again()).body.code], [409, 'mail_waiting'])
  }
  const messages = (await outboxRows(deps)).filter(({ dedup_key }) => dedup_key.startsWith(`mail ${id} again `))
  assert.equal(messages.length, 3)
  assert.ok(messages.every(({ kind, payload }) => kind === 'send_mail' && payload === `{"mail_id":${id}}`))
})

test('mails are forgotten after 90 days, but not those that wait', async () => {
  const ids = []
  for (const status of ['sent', 'dropped', 'failed', 'waiting'] as const) {
    const id = await aSentMail(deps, organizer.id)
    await setStatus(id, status)
    ids.push(id)
  }
  const in_ms = (days: number) => new Date(deps.now().getTime() + days * 86_400_000)
  assert.equal(await removeOldMails(deps.database, in_ms(89)), 0)
  assert.ok((await removeOldMails(deps.database, in_ms(91))) >= 3)
  const left = await deps.database.db.selectFrom('mail').select('id').where('id', 'in', ids).orderBy('id').execute()
  assert.deepEqual(
    left.map(({ id }) => id),
    ids.slice(3),
  )
})
