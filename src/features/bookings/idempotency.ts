import { createHash } from 'node:crypto'
import type { Database, Db } from '../../db/database.ts'
import { inTransaction, reading } from '../../db/transaction.ts'
import { DomainError } from '../../lib/errors.ts'
import { toTimestamp, type Timestamp } from '../../lib/time.ts'
import type { Booking } from './booking.ts'
import type { CreateBooking } from './bookings.schema.ts'

/** A caller's promise that requests with one key are one request. */
export type IdempotencyKey = {
  /** Whose key it is; there are no accounts yet, so all callers are one. */
  scope: string
  key: string
  /** A hash of what is asked: the same key may not ask for something else. */
  fingerprint: string
}

export const keyColumns = ['scope', 'idempotency_key', 'fingerprint', 'answer', 'created_at'] as const

const kept_ms = 24 * 60 * 60 * 1_000
const removed_max = 500

/** @throws DomainError `invalid_idempotency_key` */
export function idempotencyKey(
  key: string,
  { customer_id, event_id, quantity, holder_names }: CreateBooking,
): IdempotencyKey {
  if (!/^[\x21-\x7e]{1,255}$/.test(key)) throw new DomainError('invalid_idempotency_key')
  const asked = JSON.stringify([customer_id, event_id, quantity, holder_names ?? []])
  return { scope: 'anyone', key, fingerprint: createHash('sha256').update(asked).digest('hex') }
}

/**
 * The booking that was made under this key, as it was then; undefined if none was. Refusals are not kept: they
 * changed nothing, and the same request may be tried again.
 *
 * @throws DomainError `idempotency_key_reused` if another request came with it
 */
export async function findAnswer(
  database: Database,
  { scope, key, fingerprint }: IdempotencyKey,
): Promise<Booking | undefined> {
  const row = await reading(database, (db) => findKey(db, scope, key))
  if (!row) return undefined
  if (row.fingerprint !== fingerprint) throw new DomainError('idempotency_key_reused')
  return JSON.parse(row.answer) as Booking
}

function findKey(db: Db, scope: string, key: string) {
  return db
    .selectFrom('idempotency_key')
    .select(['fingerprint', 'answer'])
    .where('scope', '=', scope)
    .where('idempotency_key', '=', key)
    .executeTakeFirst()
}

/**
 * Removes keys older than a day, a bounded number of them, and returns how many. A key is as good as new for as
 * long as it is there: a day at least.
 */
export async function removeOldKeys(database: Database, now: Date): Promise<number> {
  const before: Timestamp = toTimestamp(new Date(now.getTime() - kept_ms))
  return inTransaction(database, async (tx) => {
    const old = await tx
      .selectFrom('idempotency_key')
      .select(['scope', 'idempotency_key'])
      .where('created_at', '<', before)
      .orderBy('created_at')
      .limit(removed_max)
      .execute()
    for (const { scope, idempotency_key } of old) {
      await tx
        .deleteFrom('idempotency_key')
        .where('scope', '=', scope)
        .where('idempotency_key', '=', idempotency_key)
        .execute()
    }
    return old.length
  })
}
