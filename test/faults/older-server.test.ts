import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { databaseTargetFromUrl } from '../../src/config.ts'
import { openDatabase } from '../../src/db/database.ts'
import { migrate } from '../../src/db/migrate.ts'
import { assertBooksBalance } from '../support/books.ts'
import { createEmptyDatabase, onSqlite } from '../support/database.ts'
import { testDeps } from '../support/deps.ts'
import { factories } from '../support/factories.ts'
import { codeBefore } from '../support/older-code.ts'
import { eventually } from '../support/outbox.ts'
import { http, killLeftovers, startServer, type Server } from '../support/servers.ts'

const older = codeBefore('src/db/migrations/0006-run-for-real.ts')
after(() => {
  killLeftovers()
  older?.remove()
})
const env = { SANDBOX_PAYMENTS: 'on' }
const isLong = process.env['KARCIS_FAULTS'] === 'long'
const skip = older
  ? onSqlite && !isLong && 'on SQLite in the long form alone'
  : 'the history of the repository is not at hand'

/** Books and pays; on every step another server. */
async function buy(servers: readonly Server[], order: object): Promise<{ id: number; steps: readonly Server[] }> {
  const [first, second] = servers as [Server, Server]
  const booked = await http('POST', `${first.url}/api/v2/bookings`, order)
  assert.equal(booked.status, 201, JSON.stringify(booked.body))
  const { id } = booked.body as { id: number }
  const opened = await http('POST', `${second.url}/api/v2/bookings/${id}/payments`, {})
  assert.equal(opened.status, 201, JSON.stringify(opened.body))
  const page = first.url + new URL(opened.body.pay_url as string).pathname
  const form = { 'content-type': 'application/x-www-form-urlencoded' }
  const paid = await fetch(page, { method: 'POST', headers: form, body: 'action=pay', redirect: 'manual' })
  assert.equal(paid.status, 303)
  await eventually(
    async () => (await http('GET', `${second.url}/api/v2/bookings/${id}`)).body.status === 'success',
    20_000,
  )
  return { id, steps: servers }
}

test(
  'a server of the version before starts and works beside one of today, on the tables of today',
  { skip },
  async () => {
    const { url, drop } = await createEmptyDatabase()
    const database = await openDatabase(databaseTargetFromUrl(url), 2)
    await migrate(database)
    const { aCustomer, anEvent } = factories(testDeps(database))
    const order = {
      customer_id: (await aCustomer()).id,
      event_id: (await anEvent({ capacity: 1_000 })).id,
      quantity: 2,
    }

    const [today, before] = await Promise.all([startServer(url, env), startServer(url, env, older!.folder)])
    assert.equal((await http('GET', `${before.url}/readyz`)).status, 200)
    const bought = await Promise.all([
      buy([today, before], order),
      buy([before, today], order),
      buy([before, before], order),
    ])
    for (const { id, steps } of bought) {
      const { body } = await http('GET', `${steps[1]!.url}/api/v2/bookings/${id}/tickets`)
      const [first, second] = (body.items as { id: number }[]).map((ticket) => ticket.id)
      const use = (server: Server, ticket: number) => http('PUT', `${server.url}/tickets/${ticket}/use`)
      assert.deepEqual([(await use(steps[0]!, first!)).status, (await use(steps[1]!, first!)).status], [200, 400])
      assert.equal((await use(steps[1]!, second!)).status, 200)
    }

    const last = await buy([today, before], order)
    const cancelled = await http('POST', `${before.url}/api/v2/bookings/${last.id}/cancellation`, {})
    assert.equal(cancelled.status, 200, JSON.stringify(cancelled.body))
    const { body } = await http('GET', `${today.url}/api/v2/bookings/${last.id}`)
    assert.match(body.status as string, /^(cancelled|refunded)$/)
    const toPay = database.db.selectFrom('outbox').select('id').where('lane', '=', 'payments')
    await eventually(async () => (await toPay.execute()).length === 0, 20_000)
    const refunds = await database.db.selectFrom('refund').select('status').execute()
    assert.deepEqual(refunds.map(({ status }) => status), ['done']) // prettier-ignore

    await assertBooksBalance(database.db)
    for (const server of [today, before]) {
      assert.equal(await server.stop(), 0, server.output())
      assert.doesNotMatch(server.output(), /"level":"(error|fatal)"/)
    }
    await database.close()
    await drop()
  },
)
