import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { databaseTargetFromUrl } from '../../src/config.ts'
import { openDatabase, type Database } from '../../src/db/database.ts'
import { migrate } from '../../src/db/migrate.ts'
import { inTransaction } from '../../src/db/transaction.ts'
import { diagnose } from '../../src/doctor.ts'
import { toTimestamp } from '../../src/lib/time.ts'
import { createEmptyDatabase, onSqlite } from '../support/database.ts'
import { testDeps } from '../support/deps.ts'
import { factories } from '../support/factories.ts'
import { eventually } from '../support/outbox.ts'
import { http, killLeftovers, startServer, type Server } from '../support/servers.ts'

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

async function endHolds(database: Database): Promise<void> {
  const past = toTimestamp(new Date(0))
  await inTransaction(database, (tx) =>
    tx.updateTable('hold').set({ expires_at: past }).where('expires_at', 'is not', null).execute(),
  )
}

/**
 * Waits until nothing is under way. It is hurried now and then: leases of the dead end, and so do holds that nobody pays
 * for. Not all the time, or no living worker would keep a lease until it has done its work.
 */
async function calm(database: Database): Promise<void> {
  let hurried_at = 0
  await eventually(async () => {
    if (Date.now() - hurried_at > 3_000) {
      await hurry(database)
      hurried_at = Date.now()
    }
    await sleep(50)
    return isCalm(database)
  }, 25_000)
}

async function hurry(database: Database): Promise<void> {
  const past = toTimestamp(new Date(0))
  const soon = toTimestamp(new Date(Date.now() + 2_000))
  await endHolds(database)
  await inTransaction(database, async (tx) => {
    await tx.updateTable('outbox').set({ run_at: past }).where('run_at', '>', soon).execute()
    // A webhook may have been lost with its server: the sandbox is asked, as it would be after a while.
    await tx.updateTable('payment').set({ check_at: past }).where('check_at', '>', soon).execute()
  })
}

async function isCalm({ db }: Database): Promise<boolean> {
  const left = await Promise.all([
    db.selectFrom('outbox').select('id').limit(1).execute(),
    db.selectFrom('hold').select('booking_id').where('expires_at', 'is not', null).limit(1).execute(),
    db.selectFrom('payment_notice').select('id').where('outcome', '=', 'waiting').limit(1).execute(),
    db
      .selectFrom('payment')
      .innerJoin('sandbox_payment', 'sandbox_payment.attempt_key', 'payment.attempt_key')
      .select('payment.id')
      .where('sandbox_payment.status', '=', 'paid')
      .where('payment.status', '<>', 'paid')
      .limit(1)
      .execute(),
  ])
  return left.every((rows) => rows.length === 0)
}

async function assertPaidFor({ db }: Database): Promise<void> {
  const paid = await db.selectFrom('sandbox_payment').selectAll().where('status', '=', 'paid').execute()
  for (const { attempt_key, amount } of paid) {
    const payment = await db.selectFrom('payment').selectAll().where('attempt_key', '=', attempt_key).executeTakeFirst()
    const back = await db.selectFrom('sandbox_refund').select('amount').where('attempt_key', '=', attempt_key).execute()
    const refunded = back.reduce((sum, one) => sum + one.amount, 0)
    const good = await db
      .selectFrom('ticket')
      .select('price')
      .where('booking_id', '=', payment!.booking_id)
      .where('status', '<>', 'void')
      .execute()
    const worth = good.reduce((sum, { price }) => sum + price, 0)
    const others = paid.filter(({ attempt_key: key }) => key !== attempt_key && key.startsWith(`karcis-${payment!.booking_id}-`)) // prettier-ignore
    assert.equal(others.length, 0, 'a booking has one attempt at a provider')
    assert.equal(payment!.status, 'paid')
    assert.equal(amount - refunded, worth, `booking ${payment!.booking_id}: ${amount} paid, ${refunded} back`)
  }
}
