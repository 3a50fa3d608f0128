import { groupQueue } from '../lib/group-queue.ts'
import type { Database, Db } from './database.ts'
import { reading } from './transaction.ts'

const limits = { length_max: 20_000, wait_ms_max: 10_000 }

export type SharedRead<Row, Id = number> = {
  /** The row as it is now: read after the call, never remembered. */
  find(id: Id): Promise<Row | undefined>
}

/**
 * Reads rows by id for many at once. Those who ask while a read is under way share the next one, so what they get
 * is always fresh, and the database answers one statement at a time: in an on-sale everyone looks at one event.
 */
export function sharedRead<Id extends number | string, Row extends { id: Id }>(
  database: Database,
  listByIds: (db: Db, ids: readonly Id[]) => Promise<Row[]>,
): SharedRead<Row, Id> {
  const queue = groupQueue<Id, Row | undefined>(async (ids) => {
    const rows = await reading(database, (db) => listByIds(db, [...new Set(ids)]))
    const byId = new Map(rows.map((row) => [row.id, row]))
    return ids.map((id) => byId.get(id))
  }, limits)
  return { find: (id) => queue.join(id) }
}
