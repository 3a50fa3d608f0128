import type { Db } from '../../db/database.ts'
import type { Timestamp } from '../../lib/time.ts'

/** What is due by a time that stands in a table. */
export type Chore = Readonly<{
  /** For the log. */
  name: string
  /** When the next is due, or has been; undefined if nothing will be. Asked at every poll, so by an index. */
  nextDue: (db: Db) => Promise<Timestamp | undefined>
  /** Does one bounded batch of what is due, and returns how many. 0 while something is due leaves it to the next poll. */
  run: () => Promise<number>
}>
