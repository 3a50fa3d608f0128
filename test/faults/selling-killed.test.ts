import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { databaseTargetFromUrl } from '../../src/config.ts'
import { openDatabase } from '../../src/db/database.ts'
import { migrate } from '../../src/db/migrate.ts'
import { diagnose } from '../../src/doctor.ts'
import { createEmptyDatabase, onSqlite } from '../support/database.ts'
import { testDeps } from '../support/deps.ts'
import { factories } from '../support/factories.ts'
import { http, killLeftovers, startServer, type Server } from '../support/servers.ts'
import { assertPaidFor, calm, endHolds } from './selling-after.ts'

after(killLeftovers)

const crowd_size = 12
const kills = 6
const env = { SANDBOX_PAYMENTS: 'on' }

/** Customers who book, pay on the sandbox's page, and now and then change their mind, until `stop`. */
function startCustomers(servers: readonly Server[], orders: readonly { customer_id: number; event_id: number }[]) {
  const end = new AbortController()
  const told = { booked: 0, paid: 0, cancelled: 0 }
  const one = async (n: number) => {
    for (let turn = n; !end.signal.aborted; turn++) {
      const base = () => servers[turn % servers.length]!.url
      try {
        const order = { ...orders[turn % orders.length]!, quantity: 1 + (turn % 3) }
        const { status, body: booking } = await http('POST', `${base()}/api/v2/bookings`, order)
        if (status !== 201) {
          await sleep(20)
          continue
        }
        told.booked++
        const opened = await http('POST', `${base()}/api/v2/bookings/${booking.id}/payments`, {})
        // One in five leaves it at that, and the hold ends.
        if (opened.status === 201 && turn % 5 > 0) {
          const action = turn % 7 === 6 ? 'decline' : 'pay_too_late'
          const page = new URL(opened.body.pay_url as string).pathname
          const paid = await fetch(base() + page, {
            method: 'POST',
            headers: { 'content-type': 'application/x-www-form-urlencoded' },
            body: `action=${action}`,
            redirect: 'manual',
          })
          await paid.text()
          if (paid.status === 303 && action !== 'decline') told.paid++
        }
        if (turn % 4 === 3) {
          const { status } = await http('POST', `${base()}/api/v2/bookings/${booking.id}/cancellation`, {})
          if (status === 200) told.cancelled++
        }
      } catch {
        // The server was killed under this one.
        await sleep(20)
      }
    }
  }
  const all = Promise.all(Array.from({ length: crowd_size }, (_, n) => one(n)))
  return {
    told,
    async stop() {
      end.abort()
      await all
    },
  }
}

test('kill -9 of servers while customers pay, again and again: everybody who paid has tickets or their money', async (t) => {
  const { url, drop } = await createEmptyDatabase()
  const database = await openDatabase(databaseTargetFromUrl(url), 3)
  await migrate(database)
  const { aCustomer, anEvent } = factories(testDeps(database))
  const customer_id = (await aCustomer()).id
  const events = [await anEvent({ capacity: 100_000 }), await anEvent({ capacity: 40 })]
  const orders = events.map(({ id }) => ({ customer_id, event_id: id }))

  const servers = await Promise.all(Array.from({ length: onSqlite ? 1 : 2 }, () => startServer(url, env)))
  const customers = startCustomers(servers, orders)
  for (let round = 0; round < kills; round++) {
    await sleep(200 + Math.random() * 500)
    // Some holds end now, while some of their customers are paying.
    if (round % 2 === 1) await endHolds(database)
    const index = round % servers.length
    await servers[index]!.stop('SIGKILL')
    servers[index] = await startServer(url, env)
  }
  await sleep(200)
  await customers.stop()

  await calm(database)
  assert.deepEqual(await diagnose(database.db), [])
  await assertPaidFor(database)
  t.diagnostic(JSON.stringify(customers.told))
  assert.ok(customers.told.paid > 0 && customers.told.cancelled > 0)
  for (const server of servers) assert.equal(await server.stop(), 0, server.output())
  await database.close()
  await drop()
})
