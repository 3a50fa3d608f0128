import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { databaseTargetFromUrl } from '../../src/config.ts'
import { openDatabase } from '../../src/db/database.ts'
import { onSqlite } from '../support/database.ts'
import { testDeps } from '../support/deps.ts'
import { factories } from '../support/factories.ts'
import { hasMariaDb, privateMariaDb } from '../support/private-mariadb.ts'
import { http, killLeftovers, startServer } from '../support/servers.ts'
import { assertNothingLost } from './after.ts'
import { startCrowd } from './load.ts'

after(killLeftovers)

const skip = onSqlite ? 'SQLite has no server to kill' : !hasMariaDb && 'mariadbd is not installed'
/** Seconds that the database is away; ten in the long form. */
const away_ms = process.env['KARCIS_FAULTS'] === 'long' ? 10_000 : 2_500

for (const [name, breakIt] of [
  ['killed with kill -9 and started again', 'SIGKILL'],
  ['stopped in order and started again', 'SIGTERM'],
  ['frozen and thawed', 'SIGSTOP'],
] as const) {
  test(`MariaDB ${name} under load: 503 meanwhile, back by itself, every 201 is there`, { skip }, async () => {
    const mariadb = await privateMariaDb()
    after(() => mariadb.remove())
    const server = await startServer(mariadb.url)
    const database = await openDatabase(databaseTargetFromUrl(mariadb.url), 3)
    const deps = testDeps(database)
    const { aCustomer, anEvent } = factories(deps)
    const order = { customer_id: (await aCustomer()).id, event_id: (await anEvent({ capacity: 1_000_000 })).id }

    const crowd = startCrowd(server.url, 20, order)
    await sleep(500)
    mariadb.kill(breakIt)
    if (breakIt !== 'SIGSTOP') {
      await mariadb.ended()
      await sleep(away_ms)
      const { status, body } = await http('GET', `${server.url}/readyz`)
      assert.deepEqual([status, body.error], [503, 'the database is unavailable, try again shortly'])
      await mariadb.start()
    } else {
      await sleep(away_ms)
      mariadb.kill('SIGCONT')
    }

    const before = crowd.told.booked.length
    const until = Date.now() + 20_000
    while (crowd.told.booked.length < before + 100) {
      assert.ok(Date.now() < until, `not back: ${JSON.stringify([...crowd.told.statuses])}`)
      await sleep(50)
    }
    const told = await crowd.stop()
    for (const status of told.statuses.keys()) assert.ok([201, 503].includes(status), `a customer was told ${status}`)
    assert.equal((await http('GET', `${server.url}/readyz`)).status, 200)
    assert.equal(await server.stop(), 0)
    await database.close().catch(() => undefined)
    const again = await openDatabase(databaseTargetFromUrl(mariadb.url), 2)
    await assertNothingLost(again.db, told)
    await again.close()
  })
}
