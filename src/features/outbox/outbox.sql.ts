import type { Insertable, Updateable } from 'kysely'
import type { Db, Tx } from '../../db/database.ts'
import type { Dialect } from '../../db/dialect.ts'
import { leavingWhatIsThere } from '../../db/insert-once.ts'
import type { Listing } from '../../db/page-query.ts'
import type { OutboxTable } from '../../db/schema.ts'
import type { Timestamp } from '../../lib/time.ts'

/** A message as its handler needs it. */
export type DueMessage = {
  id: number
  kind: string
  key: string
  payload: string
  attempts: number
  traceparent: string | null
}

/** A message and the lease under which it runs: attempt and end. */
export type Claim = DueMessage & { run_at: Timestamp }

/** A message as people are shown it: without its payload, in which people may be named. */
export type OutboxMessage = {
  id: number
  kind: string
  key: string
  attempts: number
  last_error: string | null
  run_at: Timestamp | null
  dead_at: Timestamp | null
  created_at: Timestamp
}

/** Messages that are worked on together: what payment providers are asked, and all else. Left out where both are. */
export type Lane = 'payments' | 'work'

export type MessageState = 'dead' | 'waiting'

/** Leaves the message that has the same kind and key as it is. */
export async function insertMessages(tx: Tx, messages: readonly Insertable<OutboxTable>[]): Promise<void> {
  await leavingWhatIsThere(tx, tx.insertInto('outbox').values(messages)).execute()
}

/** When the next one of the lane is due, or has been; undefined if none waits. */
export async function findNextRun(db: Db, lane?: Lane): Promise<Timestamp | undefined> {
  const next = await db
    .selectFrom('outbox')
    .select('run_at')
    .where('run_at', 'is not', null)
    .$if(lane !== undefined, (query) => query.where('lane', '=', lane!))
    .orderBy('run_at')
    .limit(1)
    .executeTakeFirst()
  return next?.run_at ?? undefined
}

/** Those of the lane that are due, longest first, and locked; leaves out what somebody else has locked. */
export async function lockDue(
  tx: Tx,
  dialect: Dialect,
  now: Timestamp,
  limit: number,
  lane?: Lane,
): Promise<DueMessage[]> {
  return tx
    .selectFrom('outbox')
    .select(['id', 'kind', 'dedup_key as key', 'payload', 'attempts', 'traceparent'])
    .where('run_at', '<=', now)
    .$if(lane !== undefined, (query) => query.where('lane', '=', lane!))
    .orderBy('run_at')
    .limit(limit)
    .$if(dialect.locksRows, (query) => query.forUpdate().skipLocked())
    .execute()
}

/** Counts an attempt of each, and hides them until the lease ends. */
export async function leaseMessages(tx: Tx, ids: readonly number[], until: Timestamp): Promise<void> {
  await tx
    .updateTable('outbox')
    .set((eb) => ({ run_at: until, attempts: eb('attempts', '+', 1) }))
    .where('id', 'in', ids)
    .execute()
}

/** Takes away what is done, unless somebody else has claimed it meanwhile. */
export async function deleteClaimed(tx: Tx, { id, attempts, run_at }: Claim): Promise<void> {
  await tx
    .deleteFrom('outbox')
    .where('id', '=', id)
    .where('attempts', '=', attempts)
    .where('run_at', '=', run_at)
    .execute()
}

/** The same for what is not done. */
export async function updateClaimed(
  tx: Tx,
  { id, attempts, run_at }: Claim,
  changes: Updateable<OutboxTable>,
): Promise<void> {
  await tx
    .updateTable('outbox')
    .set(changes)
    .where('id', '=', id)
    .where('attempts', '=', attempts)
    .where('run_at', '=', run_at)
    .execute()
}

/** For whoever holds its lock. */
export async function updateMessage(tx: Tx, id: number, changes: Updateable<OutboxTable>): Promise<void> {
  await tx.updateTable('outbox').set(changes).where('id', '=', id).execute()
}

const shown = (db: Db) =>
  db
    .selectFrom('outbox')
    .select(['id', 'kind', 'dedup_key as key', 'attempts', 'last_error', 'run_at', 'dead_at', 'created_at'])

/** The dead, latest first; or those that wait, the next one first. */
export function listMessages(state: MessageState): Listing<OutboxMessage> {
  const column = state === 'dead' ? 'dead_at' : 'run_at'
  return {
    name: `outbox ${state}`,
    order: {
      columns: [
        { column: `outbox.${column}`, field: column, holds: 'moment' },
        { column: 'outbox.id', field: 'id' },
      ],
      descending: state === 'dead',
    },
    select: (db) => shown(db).where(column, 'is not', null),
  }
}

export async function findMessage(db: Db, id: number): Promise<OutboxMessage | undefined> {
  return shown(db).where('id', '=', id).executeTakeFirst()
}

export async function findMessageLocked(
  tx: Tx,
  { locksRows }: Dialect,
  id: number,
): Promise<OutboxMessage | undefined> {
  return shown(tx)
    .where('id', '=', id)
    .$if(locksRows, (query) => query.forUpdate())
    .executeTakeFirst()
}
