import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Worker } from 'node:worker_threads'
import { test } from 'node:test'
import { startApp } from '../support/app.ts'
import { assertBooksBalance } from '../support/books.ts'
import { onSqlite } from '../support/database.ts'
import { factories } from '../support/factories.ts'

const rounds = 40
const at_once = 30

test(
  'the threads of SQLite end in the middle: every 201 is there, nothing else, and the next group starts others',
  { skip: !onSqlite && 'about the embedded database' },
  async () => {
    const { call, deps } = await startApp()
    const { aCustomer, anEvent } = factories(deps)
    const customer_id = (await aCustomer()).id
    const event_id = (await anEvent({ capacity: 100_000 })).id
    const threads = new Set<Worker>()
    process.on('worker', (thread) => {
      threads.add(thread)
      thread.once('exit', () => threads.delete(thread))
    })
    const book = () => call('POST', '/bookings', { customer_id, event_id, quantity: 2 })
    const statuses: number[] = []
    let ended = 0
    for (let round = 0; round < rounds; round++) {
      const answers = Array.from({ length: at_once }, book)
      await sleep(Math.random() * 8)
      for (const thread of threads) {
        ended++
        void thread.terminate()
      }
      for (const { status } of await Promise.all(answers)) statuses.push(status)
    }
    const booked = statuses.filter((status) => status === 201).length
    assert.ok(statuses.every((status) => status === 201 || status === 503))
    assert.ok(ended > rounds / 2 && booked > rounds, `${ended} threads ended, ${booked} booked`)
    assert.equal((await book()).status, 201)
    const { bookings } = await deps.database.db
      .selectFrom('booking')
      .select((select) => select.fn.countAll<number>().as('bookings'))
      .executeTakeFirstOrThrow()
    assert.equal(bookings, booked + 1, 'those that were answered 201, and no more')
    await assertBooksBalance(deps.database.db)
  },
)
