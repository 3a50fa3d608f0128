import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { KyselyPlugin } from 'kysely'
import pino from 'pino'
import { openTestDatabase } from '../../../test/support/database.ts'
import { testDeps } from '../../../test/support/deps.ts'
import { factories } from '../../../test/support/factories.ts'
import { asking } from '../../../test/support/graphql.ts'
import { buildApp } from '../../app.ts'

const { database, drop } = await openTestDatabase()
let queries = 0
const counter: KyselyPlugin = {
  transformQuery: ({ node }) => node,
  transformResult: async ({ result }) => {
    queries++
    return result
  },
}
const deps = testDeps({ ...database, db: database.db.withPlugin(counter) })
const app = await buildApp(deps, pino({ level: 'silent' }), { auth: 'off', graphql: { explorer: false } })
after(async () => {
  await app.close()
  await drop()
})
const make = factories(deps)
const ask = asking({ app })

async function countOf(query: string, rows: number): Promise<number> {
  const before = queries
  const { errors, data } = await ask(query, { rows })
  assert.equal(errors, undefined)
  const [{ edges }] = Object.values(data as Record<string, { edges: unknown[] }>) as [{ edges: unknown[] }]
  assert.equal(edges.length, rows)
  return queries - before
}

const organizer_id = (await make.anOrganizer()).id
for (let n = 0; n < 12; n++) {
  const { id } = await make.anEvent({ organizer_id })
  await make.aBooking({ event_id: id, quantity: 3 })
}

for (const [name, query] of [
  ['events', '($rows: Int!) { events(first: $rows) { edges { node { title ticket_types { name } images { id } } } } }'],
  [
    'bookings',
    `($rows: Int!) { bookings(first: $rows) { edges { node {
      items { quantity holder_names } event { title ticket_types { name } images { id } }
      tickets(first: 2) { holder_name event { title } } payments { id } refunds { id }
    } } } }`,
  ],
  [
    'tickets',
    '($rows: Int!) { tickets(first: $rows) { edges { node { ticket_code event { title images { id } } } } } }',
  ],
] as const) {
  test(`a list of ${name} costs as many queries with 12 rows as with 3`, async () => {
    const few = await countOf(`query ${query}`, 3)
    assert.equal(await countOf(`query ${query}`, 12), few)
    assert.ok(few <= 12, `${few} queries`)
  })
}

test('the first tickets of a booking are the first, however many bookings there are', async () => {
  const { data } = await ask('{ bookings(first: 5) { edges { node { id tickets(first: 2) { id booking_id } } } } }')
  for (const { node } of data.bookings.edges) {
    const all = await ask('query ($b: Id!) { tickets(booking_id: $b) { edges { node { id booking_id } } } }', {
      b: node.id,
    })
    assert.deepEqual(
      node.tickets,
      all.data.tickets.edges.slice(0, 2).map((edge: { node: object }) => edge.node),
    )
  }
})
