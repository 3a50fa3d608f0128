import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { startApp } from '../../../test/support/app.ts'
import { onSqlite } from '../../../test/support/database.ts'
import { factories } from '../../../test/support/factories.ts'
import { idBlocks } from '../../db/id-blocks.ts'
import { inTransaction } from '../../db/transaction.ts'
import { system } from '../../lib/caller.ts'
import { toTimestamp } from '../../lib/time.ts'
import { listTicketsByBooking } from '../tickets/tickets.sql.ts'
import type { Booking } from './booking.ts'
import { groupCommitter } from './commit-group.ts'
import { confirmBooking } from './confirm-booking.ts'
import { eraseHolders } from './erase-holders.ts'
import { lockBooking } from './lock-booking.ts'

const { deps } = await startApp()
const { database } = deps
const { aCustomer, anEvent } = factories(deps)
const commit = groupCommitter(deps, () => true)

async function aPendingBooking(): Promise<Booking> {
  const [customer, event] = [await aCustomer(), await anEvent()]
  const order = { event_id: event.id, customer_id: customer.id, quantity: 1, items: [{ holders: ['Ani'] }] }
  const [booking] = await commit([{ ...order, caller: system }])
  assert.ok(booking && !(booking instanceof Error))
  return booking
}

const confirm = async ({ id }: Booking) => {
  const ticketIds = await idBlocks(database, 'ticket').take(1)
  return inTransaction(database, async (tx) => {
    const locked = (await lockBooking(tx, deps, id))!
    return confirmBooking(tx, deps, locked, ticketIds, toTimestamp(deps.now()))
  })
}
const erase = ({ customer_id }: Booking) =>
  inTransaction(database, (tx) => eraseHolders(tx, database.dialect, customer_id))

const namesOf = async ({ id }: Booking) =>
  (await listTicketsByBooking(database.db, id)).map(({ holder_name }) => holder_name)

test('names are erased from what is not paid yet, and from tickets', async () => {
  const [before, after] = [await aPendingBooking(), await aPendingBooking()]
  await erase(before)
  assert.ok(await confirm(before))
  assert.ok(await confirm(after))
  assert.deepEqual(await namesOf(after), ['Ani'])
  await erase(after)
  for (const booking of [before, after]) assert.deepEqual(await namesOf(booking), ['Erased'])
})

test(
  'names are erased, too, when the payment is confirmed at that moment',
  {
    skip: onSqlite && 'SQLite writes one at a time',
  },
  async () => {
    const booking = await aPendingBooking()
    const both: Promise<unknown>[] = []
    await inTransaction(database, async (tx) => {
      // The confirmation has read the names, and waits for the hold that it ends.
      await tx.selectFrom('hold').selectAll().where('booking_id', '=', booking.id).forUpdate().execute()
      both.push(confirm(booking))
      await sleep(300)
      both.push(erase(booking))
      await sleep(300)
    })
    assert.deepEqual(await Promise.all(both), [true, undefined])
    assert.deepEqual(await namesOf(booking), ['Erased'])
  },
)
