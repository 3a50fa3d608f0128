import type { Database } from './database.ts'
import { inTransaction } from './transaction.ts'

const block_first = 100
const block_max = 100_000

export type IdSource = {
  /** Makes sure that `count` ids are at hand. Outside a transaction: it may need one. */
  reserve(count: number): Promise<void>
  /** The same, and takes them at once: for those who work beside others on one block. */
  take(count: number): Promise<number[]>
  /** Gives up what is left of the block: somebody else has put rows into it. */
  abandon(): void
  /** The next id; one must have been reserved. */
  next(): number
}

/**
 * Ids for rows that are inserted many at a time and without asking back: ascending, and nobody else ever gets
 * the same. Each server leases blocks from a row of `id_block`; that needs neither RETURNING nor consecutive
 * AUTO_INCREMENT values, so it is safe on Galera and on distributed databases. A block is twice the one before
 * it, so an idle server leases little and a busy one seldom. What is leased and not used is lost: gaps are normal.
 */
export function idBlocks(database: Database, name: 'booking' | 'ticket'): IdSource {
  let next = 0
  let end = 0
  let size = block_first / 2

  async function lease(count: number): Promise<void> {
    // Its own: another lease may be under way, and has made the next one larger.
    const leased = Math.min(block_max, Math.max(size * 2, count))
    size = leased
    const first = await inTransaction(database, async (tx) => {
      const block = await tx
        .selectFrom('id_block')
        .select('next_id')
        .where('name', '=', name)
        .$if(database.dialect.locksRows, (query) => query.forUpdate())
        .executeTakeFirstOrThrow()
      const { last } = await tx
        .selectFrom(name)
        .select(({ fn }) => fn.max('id').as('last'))
        .executeTakeFirstOrThrow()
      // Rows that came in another way, by an import say, push the blocks beyond them.
      const first = Math.max(block.next_id, (last ?? 0) + 1)
      await tx
        .updateTable('id_block')
        .set({ next_id: first + leased })
        .where('name', '=', name)
        .execute()
      return first
    })
    // A block that follows the last one goes on with it; otherwise the rest of the last one is dropped.
    if (first !== end) next = first
    end = first + leased
  }

  return {
    async reserve(count) {
      while (end - next < count) await lease(count)
    },
    async take(count) {
      while (end - next < count) await lease(count)
      const first = next
      next += count
      return Array.from({ length: count }, (_, n) => first + n)
    },
    abandon() {
      next = end
    },
    next() {
      if (next >= end) throw new Error(`no ${name} id was reserved`)
      return next++
    },
  }
}
