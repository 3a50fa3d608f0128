import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import { assertBooksBalance } from '../support/books.ts'
import { startApp } from '../support/app.ts'
import { onSqlite } from '../support/database.ts'
import { factories } from '../support/factories.ts'

test(
  'a full disk under SQLite: 503, nothing half there, and on it goes when there is room',
  { skip: !onSqlite && 'about the embedded database' },
  async () => {
    const { call, deps } = await startApp()
    const { aCustomer, anEvent } = factories(deps)
    const customer_id = (await aCustomer()).id
    const event_id = (await anEvent({ capacity: 100_000 })).id
    const book = () => call('POST', '/bookings', { customer_id, event_id, quantity: 50 })
    await book()
    // The database may not grow any more: SQLite answers as it does when the disk is full (SQLITE_FULL).
    const { rows } = await sql<{ page_count: number }>`pragma page_count`.execute(deps.database.db)
    const { page_count } = rows[0]!
    await sql.raw(`pragma max_page_count = ${page_count}`).execute(deps.database.writer)
    const statuses: number[] = []
    for (let n = 0; n < 40; n++) statuses.push((await book()).status)
    assert.ok(statuses.includes(503), statuses.join())
    assert.ok(
      statuses.every((status) => status === 201 || status === 503),
      statuses.join(),
    )
    assert.equal((await call('GET', `/events/${event_id}`)).status, 200, 'reading goes on')
    await assertBooksBalance(deps.database.db)
    await sql.raw(`pragma max_page_count = 1000000`).execute(deps.database.writer)
    assert.equal((await book()).status, 201)
    await assertBooksBalance(deps.database.db)
  },
)
