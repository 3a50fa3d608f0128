import assert from 'node:assert/strict'
import { connect, createServer, type Socket } from 'node:net'
import { after, test } from 'node:test'
import { databaseTargetFromUrl } from '../../src/config.ts'
import { openDatabase } from '../../src/db/database.ts'
import { openBookingLine, createBooking } from '../../src/features/bookings/create-booking.ts'
import { sharedRead } from '../../src/db/shared-read.ts'
import { listEventsByIds } from '../../src/features/events/events.sql.ts'
import { assertBooksBalance } from '../support/books.ts'
import { onSqlite, openTestDatabase } from '../support/database.ts'
import { system } from '../../src/lib/caller.ts'
import { testDeps } from '../support/deps.ts'
import { factories } from '../support/factories.ts'

/** What happens to a connection at the packet that commits a group. */
type Fate = 'pass' | 'lose the answer' | 'lose the request' | 'deliver later'

test(
  'a connection cut around COMMIT: the outcome is found out, not guessed',
  { skip: onSqlite && 'SQLite has no connection to cut' },
  async (t) => {
    const { database: direct, url, drop } = await openTestDatabase()
    const target = new URL(url)
    const { hostname, port } = target
    let fate: Fate = 'pass'
    let cuts = 0

    const proxy = createServer((client) => {
      const server = connect(Number(port || 3306), hostname)
      const end = () => (client.destroy(), server.destroy())
      let isLosing = false
      client.on('error', end).on('close', () => !isLosing && server.destroy())
      server.on('error', end).on('close', end)
      server.on('data', (chunk) => (isLosing ? end() : client.write(chunk)))
      client.on('data', (chunk) => {
        if (fate === 'pass' || !chunk.includes('insert into booking')) {
          server.write(chunk)
          return
        }
        const what = fate
        fate = 'pass'
        cuts++
        if (what === 'lose the request') {
          end()
          return
        }
        isLosing = true
        if (what === 'lose the answer') {
          server.write(chunk)
          return
        }
        // The client is gone, and asks what happened, before the packet even arrives.
        client.destroy()
        setTimeout(() => server.write(chunk), 400)
      })
    })
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
    const sockets = new Set<Socket>()
    proxy.on('connection', (socket) => sockets.add(socket))
    target.host = `127.0.0.1:${(proxy.address() as { port: number }).port}`
    const database = await openDatabase(databaseTargetFromUrl(target.href), 3)
    after(async () => {
      await database.close().catch(() => undefined)
      for (const socket of sockets) socket.destroy()
      proxy.close()
      await drop()
    })

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
          const [before, cutsBefore] = [await count(), cuts]
          fate = next
          const answers = await Promise.all(
            [book(), book(), book('a-key')].map((one) => one.catch((error: Error) => error)),
          )
          fate = 'pass'
          assert.ok(cuts > cutsBefore, 'the connection was cut')
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
  },
)
