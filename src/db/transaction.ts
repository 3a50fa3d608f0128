import { setTimeout as sleep } from 'node:timers/promises'
import { DomainError } from '../lib/errors.ts'
import { keepChanges, type Changes } from './changes.ts'
import type { Database, Db, Tx } from './database.ts'
import { CommitOutcomeUnknown } from './group/group.ts'

/** Nothing that met a conflict is tried again after this. */
export const retry_ms_max = 10_000

/** Two that met once may meet again, and each time one of them may have waited for a lock. */
const onRows = { attempts_max: 10, backoff_ms_max: 500 }
/** An attempt on SQLite is but a look whether another process still writes, and is cut short: see sqlite-connections.ts. */
const onFile = { attempts_max: Infinity, backoff_ms_max: 100 }

/**
 * Runs `work` in one transaction: all of it is kept, or none. On deadlock, lock time-out or busy it is
 * tried again for a bounded time, so `work` must touch nothing but `tx`. What it announces is told after the commit.
 *
 * @throws DomainError `server_busy` when every attempt met a conflict, `database_unavailable` when the
 *   server can't be reached; whatever `work` throws otherwise
 */
export async function inTransaction<T>(database: Database, work: (tx: Tx) => Promise<T>): Promise<T> {
  const until = performance.now() + retry_ms_max
  const { attempts_max, backoff_ms_max } = database.dialect.locksRows ? onRows : onFile
  for (let attempt = 1; ; attempt++) {
    try {
      let changes: Changes | undefined
      const result = await database.writer.transaction().execute(async (tx) => {
        const end = await work(tx)
        changes = await keepChanges(tx)
        return end
      })
      if (changes) database.changes.tell(changes)
      return result
    } catch (error) {
      const again = attempt < attempts_max && performance.now() < until
      if (!again || database.dialect.meaningOf(error) !== 'conflict') throw refusalOf(database, error)
      // Full jitter: those who met once should not meet again at the same moment.
      await sleep(Math.random() * Math.min(backoff_ms_max, 10 * 2 ** attempt))
    }
  }
}

/**
 * Runs a read outside a transaction.
 *
 * @throws DomainError `server_busy` or `database_unavailable`, as inTransaction does
 */
export async function reading<T>(database: Database, read: (db: Db) => Promise<T>): Promise<T> {
  try {
    return await read(database.db)
  } catch (error) {
    throw refusalOf(database, error)
  }
}

/**
 * Runs reads that must agree with one another: all of them see what was kept when the first began. Elsewhere a server
 * reads whatever is newest, statement by statement.
 *
 * @throws DomainError `server_busy` or `database_unavailable`, as inTransaction does
 */
export async function inSnapshot<T>(database: Database, read: (db: Db) => Promise<T>): Promise<T> {
  try {
    // SQLite knows one level alone, which is this one.
    const transaction = database.db.transaction().setIsolationLevel('repeatable read').setAccessMode('read only')
    return await transaction.execute(read)
  } catch (error) {
    throw refusalOf(database, error)
  }
}

/** What a caller is told of an error of the database that is nobody's fault; any other error as it is. */
export function refusalOf({ dialect }: Database, error: unknown): unknown {
  if (error instanceof CommitOutcomeUnknown) return new DomainError('outcome_unknown', undefined, { cause: error })
  const meaning = dialect.meaningOf(error)
  if (meaning === 'unavailable') return new DomainError('database_unavailable', undefined, { cause: error })
  if (meaning === 'conflict') return new DomainError('server_busy', undefined, { cause: error })
  return error
}
