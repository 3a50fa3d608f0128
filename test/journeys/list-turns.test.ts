import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { KyselyPlugin } from 'kysely'
import pino from 'pino'
import { buildApp } from '../../src/app.ts'
import { onSqlite, openTestDatabase } from '../support/database.ts'
import { testDeps } from '../support/deps.ts'
import { factories } from '../support/factories.ts'

/** What the database is asked, and turns of the event loop, in their order. */
const happened: ('list' | 'other' | 'turn')[] = []
function work(ms: number): void {
  for (const since_ms = performance.now(); performance.now() - since_ms < ms;);
}

const recording: KyselyPlugin = {
  transformQuery({ node }) {
    const isList = node.kind === 'SelectQueryNode' && node.limit !== undefined
    happened.push(isList ? 'list' : 'other')
    // As one of a large table does; those that take next to no time share a turn.
    if (isList) work(1.5)
    return node
  },
  transformResult: async ({ result }) => result,
}

const { database, drop } = await openTestDatabase()
const app = await buildApp(
  testDeps({ ...database, db: database.db.withPlugin(recording) }),
  pino({ level: 'silent' }),
  { auth: 'off' },
)
after(async () => {
  await app.close()
  await drop()
})

test(
  'between two readings of lists others have their turn, and who reads one thing does not stand in their line',
  { skip: !onSqlite && 'a server that answers by itself keeps no thread' },
  async () => {
    const { anEvent } = factories(testDeps(database))
    const [event] = [await anEvent({ price: 100 }), await anEvent({ price: 100 })]
    const lists = Array.from({ length: 10 }, (_, n) => [
      `/api/v1/events?price_min=${n}`,
      `/api/v1/events?price_min=${n}&limit=1&page=2`,
      `/api/v2/events?price_min=${n}`,
      `/api/v2/bookings?customer_id=${n + 1}`,
      `/api/v1/tickets?customer_id=${n + 1}`,
    ]).flat()
    const read = async (url: string) => assert.equal((await app.inject({ url })).statusCode, 200, url)
    let isOver = false
    const takeTurns = () => {
      happened.push('turn')
      if (!isOver) setImmediate(takeTurns)
    }
    setImmediate(takeTurns)
    const all = lists.map(read)
    await read(`/api/v2/events/${event.id}`)
    const listsBefore = happened.filter((one) => one === 'list').length
    await Promise.all(all)
    isOver = true
    // A page that nobody has come to is counted to, and then read.
    assert.equal(happened.filter((one) => one === 'list').length, lists.length + 10)
    assert.doesNotMatch(happened.join(' '), /list (other )*list/)
    assert.ok(listsBefore < lists.length / 2, `${listsBefore} lists were read before one event`)
  },
)
