import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inTransaction } from './db/transaction.ts'
import { keepUnder } from './features/idempotency/idempotency.ts'
import { cleanUp } from './housekeeping.ts'
import { startApp } from '../test/support/app.ts'

const { deps } = await startApp()

test('all that has served its time goes in one turn, however much it is', async () => {
  const yesterday = () => new Date(deps.now().getTime() - 25 * 3_600_000)
  await inTransaction(deps.database, async (tx) => {
    for (let i = 0; i < 1_200; i++) {
      await keepUnder({ scope: 'user 1', key: `k-${i}`, fingerprint: 'f' }, yesterday)!(tx, { id: i })
    }
    await keepUnder({ scope: 'user 1', key: 'of today', fingerprint: 'f' }, deps.now)!(tx, { id: 1 })
  })
  assert.equal((await cleanUp(deps, 30))['idempotency_keys'], 1_200)
  const left = await deps.database.db.selectFrom('idempotency_key').select('idempotency_key as key').execute()
  assert.deepEqual(
    left.map(({ key }) => key),
    ['of today'],
  )
})
