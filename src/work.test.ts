import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import pino from 'pino'
import { openTestDatabase } from '../test/support/database.ts'
import { testDeps } from '../test/support/deps.ts'
import { readConfig } from './config.ts'
import { openSelling } from './features/payments/selling.ts'
import { allLanes, lanesOf, workOf } from './work.ts'

const { database, drop } = await openTestDatabase()
after(drop)
const deps = testDeps(database)
const inLanes = (lanes = allLanes) => workOf(deps, pino({ level: 'silent' }), openSelling(deps, [], 0), lanes)

for (const [env, lanes] of [
  [{}, ['work', 'payments']],
  [{ WORKER: 'off' }, []],
  [{ ROLES: 'api,live' }, []],
  [{ ROLES: 'worker' }, ['work']],
  [{ ROLES: 'payments, api' }, ['payments']],
  [{ ROLES: 'payments', WORKER: 'off' }, []],
] as const) {
  test(`with ${JSON.stringify(env)}, what is due in the lanes ${lanes.join(' and ') || 'of others'}`, () => {
    assert.deepEqual([...lanesOf(readConfig(env, false))], lanes)
  })
}

test('the two lanes are all that there is to do, and share nothing', () => {
  const all = inLanes()
  const each = [inLanes(new Set(['work'])), inLanes(new Set(['payments']))]
  assert.deepEqual(
    each.flatMap(({ handlers }) => Object.keys(handlers)),
    Object.keys(all.handlers),
  )
  assert.deepEqual(
    each.flatMap(({ chores }) => chores.map(({ name }) => name)),
    all.chores.map(({ name }) => name),
  )
  assert.deepEqual(
    [all, ...each].map(({ lane }) => lane),
    [undefined, 'work', 'payments'],
  )
})

test('a message has the lane whose worker knows its kind', async () => {
  const at = '2030-01-01 00:00:00.000'
  for (const lane of allLanes) {
    for (const kind of Object.keys(inLanes(new Set([lane])).handlers)) {
      const row = { kind, dedup_key: kind, payload: '{}', run_at: at, last_error: null, dead_at: null, created_at: at }
      await database.writer.insertInto('outbox').values(row).execute()
      const kept = await database.db.selectFrom('outbox').select('lane').where('kind', '=', kind).executeTakeFirst()
      assert.equal(kept?.lane, lane, kind)
    }
  }
})
