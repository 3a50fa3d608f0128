import type { Compilable, CompiledQuery, DialectAdapter } from 'kysely'
import type { Db } from './database.ts'

/**
 * A query for the rows with these ids, made once for each size of list, not for each reading: that is most of what a
 * reading by a few ids costs this side of the database.
 *
 * Lists are filled up, by their last id, to the next power of two. So a database has few statements to prepare, however
 * many ask at once.
 *
 * @param build the query; the ids must be all its parameters
 */
export function readByIds<Row, Id extends number | string = number>(
  build: (db: Db, ids: readonly Id[]) => Compilable<Row>,
): (db: Db, ids: readonly Id[]) => Promise<Row[]> {
  /** By the adapter, of which each way into a database has its own. */
  const made = new WeakMap<DialectAdapter, Map<number, CompiledQuery<Row>>>()

  function queryFor(db: Db, ids: readonly Id[]): CompiledQuery<Row> {
    const { adapter } = db.getExecutor()
    const ofAdapter = made.get(adapter) ?? new Map<number, CompiledQuery<Row>>()
    made.set(adapter, ofAdapter)
    let query = ofAdapter.get(ids.length)
    if (!query) {
      query = build(db, ids).compile()
      if (query.parameters.length !== ids.length) throw new Error(`has other parameters than ids: ${query.sql}`)
      ofAdapter.set(ids.length, query)
    }
    return query
  }

  return async (db, ids) => {
    if (ids.length === 0) return []
    const parameters = filledUp(ids)
    const { rows } = await db.executeQuery<Row>({ ...queryFor(db, parameters), parameters })
    return rows
  }
}

function filledUp<Id>(ids: readonly Id[]): Id[] {
  const filled = [...ids]
  while (!isPowerOfTwo(filled.length)) filled.push(filled.at(-1)!)
  return filled
}

const isPowerOfTwo = (count: number): boolean => (count & (count - 1)) === 0
