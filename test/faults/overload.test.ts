import assert from 'node:assert/strict'
import { connect, type Socket } from 'node:net'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { databaseTargetFromUrl } from '../../src/config.ts'
import { openDatabase } from '../../src/db/database.ts'
import { migrate } from '../../src/db/migrate.ts'
import { createEmptyDatabase } from '../support/database.ts'
import { testDeps } from '../support/deps.ts'
import { factories } from '../support/factories.ts'
import { eventually } from '../support/outbox.ts'
import { http, killLeftovers, startServer } from '../support/servers.ts'
import { assertNothingLost } from './after.ts'
import { startCrowd } from './load.ts'

after(killLeftovers)

const connections = 600
/** Each another list, so that none is kept. */
let asked = 0
const request = () => `GET /api/v2/events?limit=100&price_max=${1_000_000 + asked++} HTTP/1.1\r\nhost: x\r\n\r\n`

/** Asks for lists over many connections, on each again as soon as an answer comes: more than one process does in time. */
function flood(url: string): () => void {
  const { hostname, port } = new URL(url)
  const sockets: Socket[] = Array.from({ length: connections }, () => {
    const socket = connect(Number(port), hostname)
    const answered = (chunk: Buffer) => {
      // An answer may come in several pieces, and is asked for again once.
      if (chunk.toString('latin1').startsWith('HTTP/1.1 ')) socket.write(request())
    }
    return socket
      .on('connect', () => socket.write(request()))
      .on('data', answered)
      .on('error', () => {})
  })
  return () => sockets.forEach((socket) => socket.destroy())
}

/** How soon a machine is overloaded, and calm again, depends on what else it does. */
const skip = process.env['KARCIS_FAULTS'] !== 'long' && 'only in the long form'

test('with far too much to do, reading is turned away, the rest goes on, and it ends by itself', { skip }, async () => {
  const { url, drop } = await createEmptyDatabase()
  const database = await openDatabase(databaseTargetFromUrl(url), 3)
  await migrate(database)
  const { aCustomer, anEvent } = factories(testDeps(database))
  const order = { customer_id: (await aCustomer()).id, event_id: (await anEvent({ capacity: 1_000_000 })).id }
  for (let n = 0; n < 100; n++) await anEvent()
  const server = await startServer(url, { SHED_WAIT_MS: '100' })
  const list = () => fetch(`${server.url}/api/v2/events`)
  const isServed = async () => (await list()).status === 200
  await eventually(isServed)

  const crowd = startCrowd(server.url, 5, order)
  const stop = flood(server.url)
  let refused: Response | undefined
  await eventually(async () => {
    const answer = await list()
    if (answer.status === 503) refused = answer
    return refused !== undefined
  })
  assert.ok(refused)
  assert.equal(refused.headers.get('retry-after'), '2')
  assert.match(refused.headers.get('content-type')!, /problem\+json/)
  assert.equal(((await refused.json()) as { code: string }).code, 'server_busy')
  for (const path of ['/healthz', '/readyz']) assert.equal((await http('GET', server.url + path)).status, 200)
  await sleep(500)
  stop()

  await eventually(isServed)
  const before = crowd.told.booked.length
  await eventually(() => crowd.told.booked.length > before + 20)
  const told = await crowd.stop()
  assert.deepEqual(
    [...told.statuses.keys()].filter((status) => status !== 201 && status !== 503),
    [],
  )
  await assertNothingLost(database.db, told)
  assert.equal(server.output().match(/requests are turned away/g)!.length < 10, true, 'told of once, not each time')
  assert.equal(await server.stop(), 0)
  await database.close()
  await drop()
})
