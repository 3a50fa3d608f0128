import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openBookingLine, createBooking } from '../../src/features/bookings/create-booking.ts'
import { sharedRead } from '../../src/db/shared-read.ts'
import { listEventsByIds } from '../../src/features/events/events.sql.ts'
import { overBadNetwork } from '../support/bad-network.ts'
import { assertBooksBalance } from '../support/books.ts'
import { onSqlite } from '../support/database.ts'
import { system } from '../../src/lib/caller.ts'
import { testDeps } from '../support/deps.ts'
import { factories } from '../support/factories.ts'

test(
  'a connection cut around COMMIT: the outcome is found out, not guessed',
  { skip: onSqlite && 'SQLite has no connection to cut' },
  async (t) => {
    const { direct, network, database } = await overBadNetwork(3)

    const deps = testDeps(database)
    const { aCustomer, anEvent } = factories({ ...deps, database: direct })
    const customer_id = (await aCustomer()).id
    const event_id = (await anEvent({ capacity: 1_000 })).id
    const line = openBookingLine(deps, sharedRead(database, listEventsByIds), new Set())
    const book = (key?: string) => createBooking(deps, line, system, { customer_id, event_id, quantity: 1 }, key)
    const count = async () => {
      const rows = await direct.db.selectFrom('booking').select('id').execute()
      return rows.length
    }
    await book()

    for (const next of ['lose the answer', 'lose the request', 'deliver later'] as const) {
      for (const knows of [true, false]) {
        await t.test(`${next}, ${knows ? 'in one trip' : 'in two trips'}: booked exactly once`, async () => {
          // Another price than was seen sends the group the long way.
          if (!knows)
            await direct.writer
              .updateTable('event')
              .set((eb) => ({ price: eb('price', '+', 1) }))
              .execute()
          const [before, harmedBefore] = [await count(), network.harmed()]
          network.harm('insert into booking', next)
          const answers = await Promise.all(
            [book(), book(), book('a-key')].map((one) => one.catch((error: Error) => error)),
          )
          network.spare()
          assert.ok(network.harmed() > harmedBefore, 'the connection was cut')
          for (const answer of answers) assert.ok(!(answer instanceof Error), (answer as Error).message)
          // Long enough for a packet that was held up to arrive.
          await new Promise((resolve) => setTimeout(resolve, 600))
          const made = (await count()) - before
          const keyIsNew = (answers[2] as { replayed: boolean }).replayed ? 0 : 1
          assert.equal(made, 2 + keyIsNew)
          await assertBooksBalance(direct.db)
        })
      }
    }

    await t.test("a row that was put in under a booking's id is not taken for it", async () => {
      const { booking: mine } = await book()
      const { id } = mine
      const theirs = { ...mine, customer_id: (await aCustomer()).id }
      await direct.writer
        .insertInto('booking')
        .values({ ...theirs, id: id + 1 })
        .execute()
      network.harm('insert into booking', 'lose the request')
      const { booking } = await book()
      network.spare()
      assert.ok(booking.id > id + 1)
      const kept = await direct.db
        .selectFrom('booking')
        .select('customer_id')
        .where('id', '=', booking.id)
        .executeTakeFirst()
      assert.equal(kept?.customer_id, customer_id)
      await direct.writer
        .deleteFrom('booking')
        .where('id', '=', id + 1)
        .execute()
      await assertBooksBalance(direct.db)
    })

    await t.test('a group that is larger than what the server takes is kept in parts', async () => {
      await book()
      network.bound(20_000)
      const holder_names = Array.from({ length: 10 }, (_, n) => `${'Š'.repeat(50)} ${n}`)
      const large = () => createBooking(deps, line, system, { customer_id, event_id, quantity: 10, holder_names })
      const answers = await Promise.all(Array.from({ length: 20 }, large))
      network.bound(Infinity)
      assert.equal(new Set(answers.map(({ booking }) => booking.id)).size, 20)
      await assertBooksBalance(direct.db)
    })
  },
)
