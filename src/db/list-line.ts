import { setImmediate as nextTurn } from 'node:timers/promises'
import { DomainError } from '../lib/errors.ts'
import type { Database, Db } from './database.ts'
import { reading } from './transaction.ts'

const limits = { length_max: 1_000, wait_ms_max: 5_000 }
const retry_after_s = 2
/** Readings that take less than this in all are done in one turn. */
const turn_ms = 1

const lines = new WeakMap<Database, TurnLine>()

/**
 * Reads a page of a list, which may go through a whole table before it is full. Where that keeps the thread, such readings
 * stand in line, and everything else that has come in has its turn between two of them.
 *
 * @throws DomainError `server_busy` if the line is too long or too slow, or as `reading` does
 */
export async function readingList<T>(database: Database, read: (db: Db) => Promise<T>): Promise<T> {
  if (!database.dialect.readsInThread) return reading(database, read)
  let line = lines.get(database)
  if (!line) lines.set(database, (line = turnLine(limits)))
  return line(() => reading(database, read))
}

export type TurnLine = <T>(work: () => Promise<T>) => Promise<T>

/**
 * Runs one piece of work after the other, in the order of their coming, with turns of the event loop between them: one for
 * each millisecond that the work since the last one took, since a client who connects anew needs several until they are
 * answered. If there is much to do in them, they go on for as long as that work did, so both get on.
 *
 * @throws DomainError `server_busy` if `length_max` are in line already, or when its turn comes after `wait_ms_max`
 */
export function turnLine({ length_max, wait_ms_max }: { length_max: number; wait_ms_max: number }): TurnLine {
  const busy = () => new DomainError('server_busy', undefined, { retry_after_s })
  let length = 0
  let last: Promise<unknown> = Promise.resolve()
  /** How long others have waited for work since they had their turns. */
  let took_ms = 0

  async function letOthersGo(): Promise<void> {
    const until_ms = performance.now() + took_ms
    await nextTurn()
    for (let turns = 1; turns < took_ms && performance.now() < until_ms; turns++) await nextTurn()
    took_ms = 0
  }

  async function run<T>(work: () => Promise<T>, since_ms: number): Promise<T> {
    if (performance.now() - since_ms > wait_ms_max) throw busy()
    if (took_ms >= turn_ms) await letOthersGo()
    const began_ms = performance.now()
    try {
      return await work()
    } finally {
      took_ms += performance.now() - began_ms
    }
  }

  return async (work) => {
    if (length >= length_max) throw busy()
    length++
    const since_ms = performance.now()
    const result = last.then(() => run(work, since_ms)).finally(() => length--)
    last = result.catch(() => {})
    return result
  }
}
