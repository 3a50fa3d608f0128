import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { openTestDatabase } from '../../../test/support/database.ts'
import { testDeps } from '../../../test/support/deps.ts'
import { factories } from '../../../test/support/factories.ts'
import { outboxRows } from '../../../test/support/outbox.ts'
import { inTransaction } from '../../db/transaction.ts'
import { system, type Caller } from '../../lib/caller.ts'
import { addSeconds, toTimestamp } from '../../lib/time.ts'
import { cancelBooking } from '../bookings/cancel-booking.ts'
import { groupCommitter, type PlacedOrder } from '../bookings/commit-group.ts'
import { expireHolds } from '../bookings/expire-holds.ts'
import { cancelBookingsOf, cancelEvent } from '../events/cancel-event.ts'
import { changeEvent } from '../events/change-event.ts'
import { hideUser } from '../users/remove-user.ts'
import { mailBookings } from './mail-bookings.ts'
import { mailEvent, remindGuests, type EventMail } from './mail-event.ts'

const { database, drop } = await openTestDatabase()
after(drop)
let ahead_ms = 0
const deps = testDeps(database, { now: () => new Date(Date.now() + ahead_ms) })
const { aCustomer, anEvent, aBooking } = factories(deps)
const commit = groupCommitter(deps)
const selling = groupCommitter(deps, () => true)

const order = (event_id: number, customer_id: number): PlacedOrder => ({
  event_id,
  customer_id,
  quantity: 1,
  items: [{ holders: ['Ani'] }],
  caller: system,
  isPaidAlready: false,
})
const mailsOf = (booking_id: number) =>
  database.db.selectFrom('mail').selectAll().where('booking_id', '=', booking_id).orderBy('id').execute()
const kindsOf = async (booking_id: number) => (await mailsOf(booking_id)).map(({ kind }) => kind)
const messagesOf = async (kind: string) => (await outboxRows(deps)).filter((row) => row.kind === kind)

/** Handles what waits of a kind, each twice, as after a crash behind the handler's commit; how many there were. */
async function handle(kind: 'mail_bookings' | 'mail_event'): Promise<number> {
  const messages = await messagesOf(kind)
  for (const { id, payload } of messages) {
    for (let time = 0; time < 2; time++) {
      if (kind === 'mail_event') await mailEvent(deps, JSON.parse(payload) as EventMail)
      else await mailBookings(deps, (JSON.parse(payload) as { booking_ids: number[] }).booking_ids)
    }
    await inTransaction(database, (tx) => tx.deleteFrom('outbox').where('id', '=', id).execute())
  }
  return messages.length
}
async function handleAll(kind: 'mail_bookings' | 'mail_event'): Promise<number> {
  let sum = 0
  for (let count = 1; count > 0; sum += count) count = await handle(kind)
  return sum
}

async function idsOf(results: Promise<readonly (Error | { id: number })[]>): Promise<number[]> {
  return (await results).map((result) => {
    if (result instanceof Error) throw result
    return result.id
  })
}

test('a group puts one message, however it goes, and each booking gets one mail', async () => {
  await handleAll('mail_bookings')
  const event = await anEvent({ capacity: 1_000 })
  const { id: customer } = await aCustomer()
  const orders = Array.from({ length: 30 }, () => order(event.id, customer))
  // The first group looks before it writes; the second goes at once where a trip costs something.
  for (let round = 0; round < 2; round++) {
    const ids = await idsOf(commit(orders))
    const messages = await messagesOf('mail_bookings')
    assert.deepEqual(
      messages.map(({ dedup_key, payload }) => [dedup_key, JSON.parse(payload)]),
      [[`bookings ${ids[0]} 30`, { booking_ids: ids }]],
    )
    await handleAll('mail_bookings')
    for (const id of ids) assert.deepEqual(await kindsOf(id), ['booking_confirmed'])
  }
  await commit([order(event.id, 999_999)])
  assert.deepEqual(await messagesOf('mail_bookings'), [], 'who is refused gets no mail')
})

test('who must pay is told a minute later, and when it is too late', async () => {
  const event = await anEvent()
  const { id: customer } = await aCustomer()
  const [id] = await idsOf(selling([order(event.id, customer)]))
  await handleAll('mail_bookings')
  const [held] = await mailsOf(id!)
  assert.equal(held!.kind, 'booking_held')
  const sending = (await messagesOf('send_mail')).find(({ dedup_key }) => dedup_key === `mail ${held!.id}`)!
  const { created_at } = await database.db
    .selectFrom('booking')
    .select('created_at')
    .where('id', '=', id!)
    .executeTakeFirstOrThrow()
  assert.equal(sending.run_at, addSeconds(created_at, 60))
  ahead_ms += 24 * 60 * 60_000
  await expireHolds(deps)
  await expireHolds(deps)
  assert.deepEqual(await kindsOf(id!), ['booking_held', 'booking_expired'])
})

test('each part of a booking that is cancelled is one mail, and says who did it and what goes back', async () => {
  const booking = await aBooking({ quantity: 3 })
  const tickets = await database.db
    .selectFrom('ticket')
    .select('id')
    .where('booking_id', '=', booking.id)
    .orderBy('id')
    .execute()
  const customer: Caller = { ...system, role: 'customer', user_id: booking.customer_id }
  await cancelBooking(deps, system, booking.id, [tickets[0]!.id])
  await inTransaction(database, (tx) =>
    tx.updateTable('event').set({ cancel_until_hours: 0 }).where('id', '=', booking.event_id).execute(),
  )
  await cancelBooking(deps, customer, booking.id)
  const mails = await mailsOf(booking.id)
  assert.deepEqual(
    mails.map(({ kind, details, user_id, event_id, organizer_id }) => [
      kind,
      JSON.parse(details),
      [user_id, event_id, organizer_id],
    ]),
    [
      [{ ticket_ids: [tickets[0]!.id], refund: 0, by: 'organizer' }, 0],
      [{ ticket_ids: [tickets[1]!.id, tickets[2]!.id], refund: 0, by: 'customer' }, 0],
    ].map(([details]) => ['booking_cancelled', details, [booking.customer_id, booking.event_id, booking.organizer_id]]),
  )
})

test('who had a ticket of an event that is called off hears of that, and why, once', async () => {
  const booking = await aBooking()
  await cancelEvent(deps, system, booking.event_id, 'Hujan')
  while (await cancelBookingsOf(deps, booking.event_id));
  while (await cancelBookingsOf(deps, booking.event_id));
  const mails = await mailsOf(booking.id)
  assert.deepEqual(
    mails.map(({ kind, details }) => [kind, JSON.parse(details)]),
    [['event_cancelled', { reason: 'Hujan' }]],
  )
})

test('all guests of a large event hear of a change, in batches, and each once', async () => {
  const event = await anEvent({ capacity: 1_000 })
  const { id: customer } = await aCustomer()
  const gone = await aCustomer()
  const ids = [
    ...(await idsOf(commit(Array.from({ length: 460 }, () => order(event.id, customer))))),
    ...(await idsOf(commit([order(event.id, gone.id)]))),
  ]
  await inTransaction(database, async (tx) => {
    await hideUser(tx, gone.id, toTimestamp(deps.now()))
    await tx
      .updateTable('ticket')
      .set({ holder_email: 'budi@mail.example', holder_language: 'id', version: 2 })
      .where('booking_id', '=', ids[0]!)
      .execute()
  })
  await cancelBooking(deps, system, ids[1]!)
  await changeEvent(deps, system, event.id, { title: 'Konser Akbar' })
  assert.equal(await handleAll('mail_event'), 3)
  const mails = await database.db
    .selectFrom('mail')
    .select(['booking_id', 'ticket_id', 'user_id', 'email', 'details'])
    .where('event_id', '=', event.id)
    .where('kind', '=', 'event_changed')
    .execute()
  assert.equal(mails.length, 459 + 1)
  const handed = mails.filter(({ ticket_id }) => ticket_id !== null)
  assert.deepEqual(
    handed.map(({ booking_id, user_id, email, details }) => [booking_id, user_id, email, JSON.parse(details)]),
    [[ids[0], null, 'budi@mail.example', { was: { title: 'Konser' }, language: 'id' }]],
  )
  assert.equal(new Set(mails.filter(({ user_id }) => user_id === customer).map((one) => one.booking_id)).size, 459)
  await changeEvent(deps, system, event.id, { capacity: 900 })
  assert.equal(await handleAll('mail_event'), 0, 'seats are of no concern to guests')
})

test('guests are reminded once, and not of what was called off', async () => {
  const date = new Date(deps.now().getTime() + 3 * 24 * 60 * 60_000).toISOString()
  const [event, other] = [await anEvent({ date }), await anEvent({ date })]
  const booking = await aBooking({ event_id: event.id })
  await cancelEvent(deps, system, other.id, undefined)
  assert.equal(await remindGuests(deps), 0)
  const { version } = await database.db
    .selectFrom('event')
    .select('version')
    .where('id', '=', event.id)
    .executeTakeFirstOrThrow()
  ahead_ms += 2.5 * 24 * 60 * 60_000
  const dealtWith = await Promise.all([remindGuests(deps), remindGuests(deps)])
  assert.ok(dealtWith.includes(2))
  assert.equal(await remindGuests(deps), 0)
  assert.equal(await handleAll('mail_event'), 1)
  await handleAll('mail_bookings')
  assert.deepEqual((await kindsOf(booking.id)).toSorted(), ['booking_confirmed', 'event_reminder'])
  const reminded = await database.db
    .selectFrom('event')
    .select(['version', 'remind_at'])
    .where('id', '=', event.id)
    .executeTakeFirstOrThrow()
  assert.deepEqual({ ...reminded }, { version, remind_at: null })
})
