/**
 * A worker in a process of its own, to be killed. Its handler takes a moment and then writes the message's key on a
 * line of DONE_FILE. LATER_MS sets its clock ahead, so that the leases of the one that was killed have ended.
 */
import { appendFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import pino from 'pino'
import { databaseTargetFromUrl } from '../../src/config.ts'
import { openDatabase } from '../../src/db/database.ts'
import type { Handler } from '../../src/features/outbox/run-outbox.ts'
import { stopOnSignal } from '../../src/stop-on-signal.ts'
import { startWorker } from '../../src/worker.ts'
import { testDeps } from './deps.ts'

const { DATABASE_URL = '', DONE_FILE = '', LATER_MS = '0' } = process.env
const database = await openDatabase(databaseTargetFromUrl(DATABASE_URL), 5)
const log = pino()
const test: Handler = async (_, { key }) => {
  await sleep(Math.random() * 20)
  appendFileSync(DONE_FILE, `${key}\n`)
  await sleep(Math.random() * 20)
}
const deps = testDeps(database, { now: () => new Date(Date.now() + Number(LATER_MS)) })
const worker = startWorker(deps, log, { handlers: { test }, chores: [] })
const close = async () => {
  await worker.stop()
  await database.close()
}
stopOnSignal(close, log, 20_000, false)
