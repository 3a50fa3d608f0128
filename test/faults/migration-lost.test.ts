import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import { databaseTargetFromUrl } from '../../src/config.ts'
import { openDatabase } from '../../src/db/database.ts'
import { migrate } from '../../src/db/migrate.ts'
import { badNetwork } from '../support/bad-network.ts'
import { createEmptyDatabase, onSqlite } from '../support/database.ts'

const isLong = process.env['KARCIS_FAULTS'] === 'long'

async function ground() {
  const { url, drop } = await createEmptyDatabase()
  const network = await badNetwork(url)
  const [database, direct] = [
    await openDatabase(databaseTargetFromUrl(network.url), 1),
    await openDatabase(databaseTargetFromUrl(url), 1),
  ]
  after(async () => {
    await Promise.all([database.close(), direct.close()])
    network.close()
    await drop()
  })
  return { network, database, direct }
}

test(
  'a migration whose connection is lost says so, and the next server goes on from there',
  { skip: onSqlite && 'SQLite has no connection to lose' },
  async () => {
    const { network, database, direct } = await ground()
    network.harm('create table if not exists migration', 'lose the request')
    await assert.rejects(migrate(database), { code: 'PROTOCOL_CONNECTION_LOST' })
    assert.ok((await migrate(direct)).length > 0)
    assert.deepEqual(await migrate(database), [])
  },
)

test(
  'a server waits for one that migrates for longer than any other statement may take',
  { skip: onSqlite ? 'SQLite has another lock' : !isLong && 'the long form' },
  async () => {
    const { database, direct } = await ground()
    const migrated = await direct.writer.connection().execute(async (connection) => {
      const name = sql`concat('karcis migrate ', left(sha2(database(), 256), 32))`
      await sql`select get_lock(${name}, 0)`.execute(connection)
      const waiting = migrate(database)
      await Promise.race([waiting, sleep(35_000)])
      await sql`select release_lock(${name})`.execute(connection)
      return waiting
    })
    assert.ok(migrated.length > 0)
  },
)
