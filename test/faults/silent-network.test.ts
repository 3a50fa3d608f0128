import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import { sharedRead } from '../../src/db/shared-read.ts'
import { inTransaction } from '../../src/db/transaction.ts'
import { lockEvents } from '../../src/features/bookings/bookings.sql.ts'
import { createBooking, openBookingLine } from '../../src/features/bookings/create-booking.ts'
import { listEventsByIds } from '../../src/features/events/events.sql.ts'
import { system } from '../../src/lib/caller.ts'
import { overBadNetwork } from '../support/bad-network.ts'
import { assertBooksBalance } from '../support/books.ts'
import { onSqlite } from '../support/database.ts'
import { testDeps } from '../support/deps.ts'
import { factories } from '../support/factories.ts'

const isLong = process.env['KARCIS_FAULTS'] === 'long'

test(
  'a database that falls silent in the middle: who waits is refused in time, and the next one goes another way',
  { skip: onSqlite && 'SQLite has no network' },
  async () => {
    const { direct, network, database } = await overBadNetwork(1)
    const deps = testDeps(database)
    const { aCustomer, anEvent } = factories({ ...deps, database: direct })
    const customer_id = (await aCustomer()).id
    const [first, second] = [(await anEvent({ capacity: 100 })).id, (await anEvent({ capacity: 100 })).id]
    const line = openBookingLine(deps, sharedRead(database, listEventsByIds), new Set())
    const book = (event_id: number) => createBooking(deps, line, system, { customer_id, event_id, quantity: 1 })
    await book(first)

    // An event that it has not seen yet is read and locked first.
    network.harm('from event where id in', 'fall silent')
    await assert.rejects(book(second), { code: 'database_unavailable' })
    assert.equal((await book(second)).booking.quantity, 1)
    assert.equal(network.harmed(), 1)

    if (isLong) {
      // The pool has one connection, which must not be lent again.
      network.harm('from `user`', 'fall silent')
      await assert.rejects(database.db.selectFrom('user').select('id').where('id', '=', customer_id).execute())
      assert.equal(
        (await database.db.selectFrom('user').select('id').where('id', '=', customer_id).execute()).length,
        1,
      )
      assert.equal(network.harmed(), 2)
    }
    await assertBooksBalance(direct.db)
  },
)

test(
  'a server that vanishes in a transaction has its locks for seconds, not for hours',
  { skip: onSqlite ? 'SQLite has no network' : !isLong && 'the long form' },
  async (t) => {
    const { direct, network, database } = await overBadNetwork(1)
    const { rows } = await sql<{ version: string }>`select version() as version`.execute(direct.db)
    if (!/mariadb/i.test(rows[0]!.version)) return t.skip('on MySQL it takes minutes')
    const { anEvent } = factories(testDeps(direct))
    const { id } = await anEvent()
    let hasLocked: () => void
    const locked = new Promise<void>((resolve) => (hasLocked = resolve))
    const vanished = inTransaction(database, async (tx) => {
      await lockEvents(tx, database.dialect, [id])
      network.harm('from `user`', 'fall silent')
      hasLocked()
      await tx.selectFrom('user').select('id').where('id', '=', 1).execute()
    }).catch((error: unknown) => error)
    await locked
    await sleep(16_000)
    await inTransaction(direct, (tx) => lockEvents(tx, direct.dialect, [id]))
    await vanished
  },
)
