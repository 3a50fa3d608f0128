import type { Deps } from '../deps.ts'
import { findNextExpiry } from '../features/bookings/bookings.sql.ts'
import { watch } from '../lib/metrics.ts'
import { dateOf, type Timestamp } from '../lib/time.ts'
import {
  countDead,
  countOpenHolds,
  countRefundsByHand,
  countUnmatchedNotices,
  countWaiting,
  findNextRunIn,
} from './metrics.sql.ts'

/** However many scrape, and however often. */
const kept_ms = 10_000
/** A scrape waits no longer for the database. */
const wait_ms_max = 2_000

type Reading = Awaited<ReturnType<typeof readAll>>

/** Gauges of what is in the database, whoever wrote it. Without a database they are left out, and `karcis_database_up` is 0. */
export function watchDatabase({ database, now }: Pick<Deps, 'database' | 'now'>): void {
  const read = atMostEvery(kept_ms, () => readAll({ database, now }))
  const gauge = (of: (reading: Reading) => number) => async () => {
    const reading = await read()
    return reading && of(reading)
  }
  watch('karcis_database_up', {}, async () => ((await read()) ? 1 : 0))
  watch(
    'karcis_holds_open',
    {},
    gauge(({ holds }) => holds),
  )
  watch(
    'karcis_hold_oldest_overdue_seconds',
    {},
    gauge(({ overdue_s }) => overdue_s),
  )
  watch(
    'karcis_refunds_by_hand',
    {},
    gauge(({ by_hand }) => by_hand),
  )
  watch(
    'karcis_payment_notices_unmatched',
    {},
    gauge(({ unmatched }) => unmatched),
  )
  watch(
    'karcis_outbox_dead',
    {},
    gauge(({ dead }) => dead),
  )
  for (const lane of ['payments', 'work'] as const) {
    watch(
      'karcis_outbox_waiting',
      { lane },
      gauge((reading) => reading[lane].waiting),
    )
    watch(
      'karcis_outbox_oldest_due_seconds',
      { lane },
      gauge((reading) => reading[lane].oldest_s),
    )
  }
}

async function readAll({ database: { db }, now }: Pick<Deps, 'database' | 'now'>) {
  const since = (moment: Timestamp | undefined) =>
    moment === undefined ? 0 : Math.max(0, (now().getTime() - dateOf(moment).getTime()) / 1_000)
  const lane = async (name: 'payments' | 'work') => ({
    waiting: await countWaiting(db, name),
    oldest_s: since(await findNextRunIn(db, name)),
  })
  return {
    // One after another: they need one connection of the pool, not all.
    holds: await countOpenHolds(db),
    overdue_s: since(await findNextExpiry(db)),
    by_hand: await countRefundsByHand(db),
    unmatched: await countUnmatchedNotices(db),
    dead: await countDead(db),
    payments: await lane('payments'),
    work: await lane('work'),
  }
}

/** Undefined while nothing can be read. One reading is under way at a time, however long it takes. */
function atMostEvery<Value>(ms: number, read: () => Promise<Value>): () => Promise<Value | undefined> {
  let last: Promise<Value | undefined> | undefined
  let until_ms = 0
  let isUnderWay = false
  return () => {
    if (!last || (!isUnderWay && performance.now() >= until_ms)) {
      isUnderWay = true
      until_ms = performance.now() + ms
      const reading = read()
        .catch(() => undefined)
        .finally(() => (isUnderWay = false))
      last = Promise.race([reading, tooLong()])
    }
    return last
  }
}

const tooLong = () => new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), wait_ms_max).unref())
