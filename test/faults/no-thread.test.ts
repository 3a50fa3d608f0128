import assert from 'node:assert/strict'
import { syncBuiltinESMExports } from 'node:module'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import threads, { type Worker, type WorkerOptions } from 'node:worker_threads'
import { startApp } from '../support/app.ts'
import { assertBooksBalance } from '../support/books.ts'
import { onSqlite } from '../support/database.ts'
import { factories } from '../support/factories.ts'

/** Which threads the system refuses, as it does at the limit of a process's or a user's threads. */
let refused: RegExp | undefined
const running = new Set<Worker>()

class Limited extends threads.Worker {
  constructor(script: string | URL, options?: WorkerOptions) {
    if (refused?.test(String(script))) {
      throw Object.assign(new Error('Worker initialization failure: EAGAIN'), { code: 'ERR_WORKER_INIT_FAILED' })
    }
    super(script, options)
    running.add(this)
    this.once('exit', () => running.delete(this))
  }
}
threads.Worker = Limited
syncBuiltinESMExports()

/** Longer than there is between two foldings of the log. */
const pause_ms = 120

test(
  'no thread is to be had on SQLite: what is answered 201 is booked once, the rest is 503, and on it goes',
  { skip: !onSqlite && 'about the embedded database' },
  async () => {
    const { call, deps } = await startApp()
    const { aCustomer, anEvent } = factories(deps)
    const customer_id = (await aCustomer()).id
    const event_id = (await anEvent({ capacity: 1_000 })).id
    const book = async () => (await call('POST', '/bookings', { customer_id, event_id, quantity: 2 })).status

    refused = /checkpoint/
    for (let round = 0; round < 3; round++) {
      await sleep(pause_ms)
      assert.deepEqual(await Promise.all([book(), book(), book()]), [201, 201, 201])
    }
    refused = /./
    for (const thread of running) await thread.terminate()
    assert.deepEqual(await Promise.all([book(), book()]), [503, 503])
    refused = undefined
    assert.equal(await book(), 201)

    const bookings = await deps.database.db.selectFrom('booking').select('id').execute()
    assert.equal(bookings.length, 10)
    await assertBooksBalance(deps.database.db)
  },
)
