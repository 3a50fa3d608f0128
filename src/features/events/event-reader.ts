import type { Database } from '../../db/database.ts'
import { groupQueue } from '../../lib/group-queue.ts'
import { reading } from '../../db/transaction.ts'
import type { Event } from './event.ts'
import { listEventsByIds } from './events.sql.ts'

export type EventReader = {
  /** The event as it is now: read after the call, never remembered. */
  find(id: number): Promise<Event | undefined>
}

/**
 * Reads events for many at once. During an on-sale everyone looks at the same event; those who ask while a read
 * is under way share the next one, so it is always fresh, and costs the database one statement at a time.
 */
export function eventReader(database: Database): EventReader {
  const queue = groupQueue<number, Event | undefined>(
    async (ids) => {
      const rows = await reading(database, (db) => listEventsByIds(db, [...new Set(ids)]))
      const byId = new Map(rows.map((row) => [row.id, row]))
      return ids.map((id) => byId.get(id))
    },
    { length_max: 20_000, wait_ms_max: 10_000 },
  )
  return { find: (id) => queue.join(id) }
}
