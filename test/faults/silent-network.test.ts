import assert from 'node:assert/strict'
import { connect, createServer, type Socket } from 'node:net'
import { after, test } from 'node:test'
import { databaseTargetFromUrl } from '../../src/config.ts'
import { openDatabase } from '../../src/db/database.ts'
import { sharedRead } from '../../src/db/shared-read.ts'
import { createBooking, openBookingLine } from '../../src/features/bookings/create-booking.ts'
import { listEventsByIds } from '../../src/features/events/events.sql.ts'
import { system } from '../../src/lib/caller.ts'
import { assertBooksBalance } from '../support/books.ts'
import { onSqlite, openTestDatabase } from '../support/database.ts'
import { testDeps } from '../support/deps.ts'
import { factories } from '../support/factories.ts'

const isLong = process.env['KARCIS_FAULTS'] === 'long'

/**
 * A way to a server, on which a connection is told nothing any more, and tells nothing, from the packet on that has
 * `until` in it: a host that has vanished, a network address that was forgotten on the way.
 */
async function silentAfter(host: string, port: number) {
  const sockets = new Set<Socket>()
  const state = { until: undefined as string | undefined, silenced: 0 }
  const proxy = createServer((client) => {
    const server = connect(port, host)
    let isSilent = false
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => isSilent || other.destroy())
    }
    server.on('data', (chunk) => isSilent || client.write(chunk))
    client.on('data', (chunk) => {
      if (state.until !== undefined && chunk.includes(state.until)) {
        state.until = undefined
        state.silenced++
        isSilent = true
      }
      if (!isSilent) server.write(chunk)
    })
  })
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  const close = () => {
    for (const socket of sockets) socket.destroy()
    proxy.close()
  }
  return { address: `127.0.0.1:${(proxy.address() as { port: number }).port}`, state, close }
}

test(
  'a database that falls silent in the middle: who waits is refused in time, and the next one goes another way',
  { skip: onSqlite && 'SQLite has no network' },
  async () => {
    const { database: direct, url, drop } = await openTestDatabase()
    const target = new URL(url)
    const { address, state, close } = await silentAfter(target.hostname, Number(target.port || 3306))
    target.host = address
    const database = await openDatabase(databaseTargetFromUrl(target.href), 1)
    after(async () => {
      close()
      await database.close().catch(() => undefined)
      await drop()
    })
    const deps = testDeps(database)
    const { aCustomer, anEvent } = factories({ ...deps, database: direct })
    const customer_id = (await aCustomer()).id
    const [first, second] = [(await anEvent({ capacity: 100 })).id, (await anEvent({ capacity: 100 })).id]
    const line = openBookingLine(deps, sharedRead(database, listEventsByIds), new Set())
    const book = (event_id: number) => createBooking(deps, line, system, { customer_id, event_id, quantity: 1 })
    await book(first)

    // An event that it has not seen yet is read and locked first.
    state.until = 'from event where id in'
    await assert.rejects(book(second), { code: 'database_unavailable' })
    assert.equal((await book(second)).booking.quantity, 1)
    assert.equal(state.silenced, 1)

    if (isLong) {
      // The pool has one connection, which must not be lent again.
      state.until = 'from `user`'
      await assert.rejects(database.db.selectFrom('user').select('id').where('id', '=', customer_id).execute())
      assert.equal(
        (await database.db.selectFrom('user').select('id').where('id', '=', customer_id).execute()).length,
        1,
      )
      assert.equal(state.silenced, 2)
    }
    await assertBooksBalance(direct.db)
  },
)
