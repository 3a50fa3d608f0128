import { sql, type SelectQueryBuilder } from 'kysely'
import type { Db } from '../db/database.ts'
import type { Schema } from '../db/schema.ts'
import type { Timestamp } from '../lib/time.ts'

/** Beyond it nobody needs to know how many: a reading never costs more than going through so many entries of an index. */
const counted_max = 10_000

export type Lane = 'payments' | 'work'

/** Bookings that wait for their payment. */
export async function countOpenHolds(db: Db): Promise<number> {
  return upTo(db, db.selectFrom('hold').select('expires_at').where('expires_at', 'is not', null))
}

/** Those that wait, due or not; what is under way is among them. */
export async function countWaiting(db: Db, lane: Lane): Promise<number> {
  // In the order of the index, or SQLite would rather go through all rows.
  return upTo(db, inLane(db, lane).orderBy('run_at'))
}

/** When the first of a lane is due, or has been; undefined if none waits. */
export async function findNextRunIn(db: Db, lane: Lane): Promise<Timestamp | undefined> {
  const next = await inLane(db, lane).orderBy('run_at').limit(1).executeTakeFirst()
  return next?.run_at ?? undefined
}

export async function countDead(db: Db): Promise<number> {
  return upTo(db, db.selectFrom('outbox').select('dead_at').where('dead_at', 'is not', null))
}

/** Refunds that a person must see to. */
export async function countRefundsByHand(db: Db): Promise<number> {
  return upTo(db, db.selectFrom('refund').select('status').where('status', '=', 'by_hand'))
}

/** What providers told of payments that are not ours. */
export async function countUnmatchedNotices(db: Db): Promise<number> {
  return upTo(db, db.selectFrom('payment_notice').select('outcome').where('outcome', '=', 'unknown'))
}

const inLane = (db: Db, lane: Lane) =>
  db.selectFrom('outbox').select('run_at').where('lane', '=', lane).where('run_at', 'is not', null)

async function upTo<Row>(
  db: Db,
  rows: SelectQueryBuilder<Schema, 'hold' | 'outbox' | 'refund' | 'payment_notice', Row>,
): Promise<number> {
  const { rows: counts } = await sql<{
    count: number | string
  }>`select count(*) as count from (${rows.limit(counted_max)}) as counted`.execute(db)
  return Number(counts[0]!.count)
}
