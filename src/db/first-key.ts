import type { Db } from './database.ts'
import type { PageStart } from '../lib/page.ts'

/**
 * The id behind which a page begins; undefined if the list ends before it. Skipping reads the primary key alone,
 * and only where nobody has left a mark.
 */
export async function firstKey(
  db: Db,
  table: 'user' | 'event' | 'booking' | 'ticket',
  { after, skip }: PageStart,
): Promise<number | undefined> {
  if (skip === 0) return after
  const { last } = await db
    .selectFrom(table)
    .select(({ fn }) => fn.max('id').as('last'))
    .executeTakeFirstOrThrow()
  // There can't be more rows than ids: a page far beyond the end is not skipped to at all.
  if (last - after < skip) return undefined
  const row = await db
    .selectFrom(table)
    .select('id')
    .where('id', '>', after)
    .orderBy('id')
    .limit(1)
    .offset(skip - 1)
    .executeTakeFirst()
  return row?.id
}
