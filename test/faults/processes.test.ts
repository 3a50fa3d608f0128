import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { databaseTargetFromUrl } from '../../src/config.ts'
import { openDatabase } from '../../src/db/database.ts'
import { migrate } from '../../src/db/migrate.ts'
import { createEmptyDatabase, onSqlite } from '../support/database.ts'
import { testDeps } from '../support/deps.ts'
import { factories } from '../support/factories.ts'
import { eventually } from '../support/outbox.ts'
import { killLeftovers, startServer, type Server } from '../support/servers.ts'
import { assertNothingLost } from './after.ts'
import { startCrowd } from './load.ts'

after(killLeftovers)

const isLong = process.env['KARCIS_FAULTS'] === 'long'
const crowd_size = isLong ? 4 : 2
const rounds = isLong ? 3 : 1

/** The ids of its processes, as it has told them last. */
function pids({ output }: Server): number[] {
  const told = output()
    .split('\n')
    .filter((line) => line.includes('"processes":['))
  return (JSON.parse(told.at(-1)!) as { processes: number[] }).processes
}
const count = ({ output }: Server, text: string) => output().split(text).length - 1

const slow = !isLong && 'in the long form alone'
const skip = !onSqlite && !isLong && 'elsewhere in the long form alone'

test(
  'processes of one server under load: all restarted, no request fails; one killed, and started anew',
  { skip },
  async (t) => {
    const { url, drop } = await createEmptyDatabase()
    const database = await openDatabase(databaseTargetFromUrl(url), 2)
    await migrate(database)
    const { aCustomer, anEvent } = factories(testDeps(database))
    const order = { customer_id: (await aCustomer()).id, event_id: (await anEvent({ capacity: 100_000 })).id }
    const server = await startServer(url, { PROCESSES: '2', METRICS_PORT: '0' })
    await eventually(() => server.output().includes('all processes listen'), 30_000)

    const crowd = startCrowd(server.url, crowd_size, order)
    for (let round = 0; round < rounds; round++) {
      const before = pids(server)
      assert.equal(new Set(before).size, 2)
      server.process.kill('SIGUSR2')
      await eventually(() => count(server, 'all processes are new') > round, 60_000)
      assert.deepEqual(pids(server).filter((pid) => before.includes(pid)), []) // prettier-ignore
    }
    await sleep(200)
    assert.deepEqual([...crowd.told.statuses.keys()], [201], 'every booking was answered, and none refused')

    const [victim] = pids(server)
    const listening = count(server, '"listening"')
    process.kill(victim!, 'SIGKILL')
    await eventually(() => count(server, '"listening"') > listening, 30_000)
    await sleep(200)
    const told = await crowd.stop()
    t.diagnostic(JSON.stringify([...told.statuses]))
    assert.ok((told.statuses.get(0) ?? 0) <= crowd_size, 'only what was in flight when it was killed')
    assert.deepEqual([...told.statuses.keys()].filter((status) => status > 0), [201]) // prettier-ignore
    await assertNothingLost(database.db, told)
    const [, port] = /"port":(\d+),"msg":"metrics at/.exec(server.output())!
    const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
    assert.match(metrics, /^karcis_http_request_duration_seconds_count\{[^}]*"POST",status="2xx"\} \d+$/m)
    assert.equal(await server.stop(), 0, server.output())
    await database.close()
    await drop()
  },
)

test('a process that ends again and again ends the server, with exit code 1', { skip: slow }, async () => {
  const { url, drop } = await createEmptyDatabase()
  const server = await startServer(url, { PROCESSES: '2' })
  await eventually(() => server.output().includes('all processes listen'), 30_000)
  const ended = new Promise((resolve) => server.process.on('close', resolve))
  for (let kills = 0; kills < 6; kills++) {
    const listening = [...server.output().matchAll(/"pid":(\d+),[^\n]*"listening"/g)]
    process.kill(Number(listening.at(-1)![1]), 'SIGKILL')
    await eventually(() => count(server, '"listening"') > listening.length || count(server, 'again and again') > 0, 60_000) // prettier-ignore
  }
  assert.equal(await ended, 1)
  await drop()
})

test('processes that can not start say so once, with exit code 1', { skip: slow }, async () => {
  const { url, drop } = await createEmptyDatabase()
  const first = await startServer(url)
  const second = startServer(url, { PROCESSES: '3', PORT: new URL(first.url).port })
  await assert.rejects(second, ({ message }: Error) => message.split('is in use already').length === 2)
  await first.stop()
  await drop()
})
