import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { openTestDatabase } from '../../../test/support/database.ts'
import { testDeps } from '../../../test/support/deps.ts'
import { factories } from '../../../test/support/factories.ts'
import { inTransaction } from '../../db/transaction.ts'
import { integer_max } from '../../lib/limits.ts'
import { listSalesByType } from './sales.sql.ts'

const { database, drop } = await openTestDatabase()
after(drop)
const { aBooking, anEvent } = factories(testDeps(database))

test('what was asked for tickets is exact, and never more than JSON carries exactly', async () => {
  const { id } = await anEvent({ capacity: 3, price: 1 })
  const booking = await aBooking({ event_id: id, quantity: 3 })
  const [first] = await database.db.selectFrom('ticket').select('id').where('booking_id', '=', booking.id).execute()
  const priceFirst = (price: number) =>
    inTransaction(database, (tx) => tx.updateTable('ticket').set({ price }).where('id', '=', first!.id).execute())
  for (const price of [integer_max - 2, integer_max]) {
    await priceFirst(price)
    const [sales] = await listSalesByType(database.db, id)
    assert.deepEqual([sales?.sold, sales?.total], [3, integer_max])
  }
})
