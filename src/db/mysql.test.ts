import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { after, test } from 'node:test'
import { sql } from 'kysely'
import { databaseTargetFromUrl } from '../config.ts'
import { createEmptyDatabase, onSqlite } from '../../test/support/database.ts'
import { factories } from '../../test/support/factories.ts'
import { testDeps } from '../../test/support/deps.ts'
import { hasMariaDb, privateMariaDb } from '../../test/support/private-mariadb.ts'
import { groupCommitter } from '../features/bookings/commit-group.ts'
import { findUser, updateUser } from '../features/users/users.sql.ts'
import { system } from '../lib/caller.ts'
import { listTicketsByBooking } from '../features/tickets/tickets.sql.ts'
import { openDatabase, type Database } from './database.ts'
import { migrate } from './migrate.ts'
import { assertSupported } from './mysql.ts'
import { inTransaction } from './transaction.ts'

for (const version of [
  '8.0.16',
  '8.4.3',
  '9.7.4-2',
  '10.6.0-MariaDB',
  '10.11.19-MariaDB-0+deb12u1',
  '5.5.5-11.4.2-MariaDB-log',
]) {
  test(`${version} will do`, () => assert.doesNotThrow(() => assertSupported(version)))
}
for (const version of ['5.7.44', '8.0.15', '10.5.29-MariaDB', '5.5.5-10.3.1-MariaDB']) {
  test(`${version} is too old`, () => assert.throws(() => assertSupported(version), { name: 'StartupError' }))
}

/** Its pool has one connection. */
async function anOpenDatabase(): Promise<Database> {
  const { url, drop } = await createEmptyDatabase()
  const database = await openDatabase(databaseTargetFromUrl(url), 1)
  after(async () => {
    await database.close()
    await drop()
  })
  return database
}

async function connectionOf({ db }: Database): Promise<number> {
  const { rows } = await sql<{ id: number }>`select connection_id() as id`.execute(db)
  return rows[0]!.id
}

test(
  'a server waits for minutes for who has vanished, and for seconds in a transaction',
  { skip: onSqlite },
  async () => {
    const { db } = await anOpenDatabase()
    const { rows } = await sql<{ Variable_name: string; Value: string }>`show session variables
    where variable_name in ('wait_timeout', 'idle_transaction_timeout')`.execute(db)
    const values = Object.fromEntries(rows.map((row) => [row.Variable_name, row.Value]))
    const isMariaDb = 'idle_transaction_timeout' in values
    assert.deepEqual(values, { wait_timeout: '180', ...(isMariaDb ? { idle_transaction_timeout: '15' } : {}) })
  },
)

test(
  'a connection that the server closed while it was idle is replaced, and nobody notices',
  { skip: onSqlite },
  async () => {
    const database = await anOpenDatabase()
    const before = await connectionOf(database)
    await sql`set session wait_timeout = 1`.execute(database.db)
    await sleep(2_500)
    assert.notEqual(await connectionOf(database), before)
  },
)

test('one that the server is about to close is not used again', { skip: onSqlite }, async (t) => {
  const database = await anOpenDatabase()
  const before = await connectionOf(database)
  assert.equal(await connectionOf(database), before)
  const now = performance.now.bind(performance)
  t.mock.method(performance, 'now', () => now() + 170_000)
  const later = await connectionOf(database)
  assert.notEqual(later, before)
  assert.equal(await connectionOf(database), later)
})

test(
  'a transaction that the server gave up is refused as unavailable, and the next one goes through',
  { skip: onSqlite },
  async () => {
    const database = await anOpenDatabase()
    const pausing = inTransaction(database, async (tx) => {
      // What MariaDB alone knows does to both what wait_timeout does.
      await sql`set session wait_timeout = 1 /*M!, session idle_transaction_timeout = 1*/`.execute(tx)
      // Busy, so that the statement is sent before anything is heard of the end.
      const until = performance.now() + 2_500
      while (performance.now() < until);
      await connectionOf({ ...database, db: tx })
    })
    await assert.rejects(pausing, { code: 'database_unavailable' })
    assert.ok(await connectionOf(database))
  },
)

test(
  'a server that has its own idea of the characters of its clients damages no name',
  {
    skip: onSqlite || (!hasMariaDb && 'needs mariadbd'),
  },
  async () => {
    const server = await privateMariaDb(['--skip-character-set-client-handshake', '--character-set-server=latin1'])
    const database = await openDatabase(databaseTargetFromUrl(server.url), 2)
    after(async () => {
      await database.close()
      await server.remove()
    })
    await migrate(database)
    const deps = testDeps(database)
    const { aCustomer, anEvent } = factories(deps)
    const name = 'Šárka 東京 🎫'
    const [customer, event] = [await aCustomer(), await anEvent()]
    await inTransaction(database, (tx) => updateUser(tx, customer.id, { name }))
    assert.equal((await findUser(database.db, customer.id))!.name, name)
    const order = { event_id: event.id, customer_id: customer.id, quantity: 1, items: [{ holders: [name] }] }
    const [booking] = await groupCommitter(deps)([{ ...order, caller: system }])
    assert.ok(booking && !(booking instanceof Error))
    const tickets = await listTicketsByBooking(database.db, booking.id)
    assert.deepEqual(
      tickets.map(({ holder_name }) => holder_name),
      [name],
    )
  },
)
