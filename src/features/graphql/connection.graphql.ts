import { Type } from 'typebox'
import type { Database } from '../../db/database.ts'
import type { Listing } from '../../db/page-query.ts'
import { cursorOf, cursorQuery, readBehind } from '../../http/cursor.ts'

/** What every connection takes: version 2's `limit` and `cursor` by the names that Relay gives them. */
export const pageArgs = { first: cursorQuery.limit, after: cursorQuery.cursor }

/**
 * A page of a list as a connection (https://relay.dev/graphql/connections.htm). Its cursors are those of version 2.
 *
 * @throws DomainError `invalid_cursor`
 */
export async function connection<Row extends object>(
  database: Database,
  listing: Listing<Row>,
  { first, after }: { first: number; after?: string },
  show: (row: Row) => object,
) {
  const { rows, has_more } = await readBehind(database, listing, first, after)
  const edges = rows.map((row) => ({ cursor: () => cursorOf(row, listing), node: show(row) }))
  return {
    edges,
    pageInfo: {
      hasNextPage: has_more,
      hasPreviousPage: after !== undefined,
      startCursor: () => edges[0]?.cursor() ?? null,
      endCursor: () => edges.at(-1)?.cursor() ?? null,
    },
  }
}

/** The names under which a list is sorted, as enums can have them: `date` and `date_desc`. */
export const Sorted = <const Columns extends readonly string[]>(columns: Columns) =>
  Type.Unsafe<Columns[number] | `${Columns[number]}_desc`>({
    type: 'string',
    enum: columns.flatMap((column) => [column, `${column}_desc`]),
  })

/** What such a name says. */
export function orderOf<Column extends string>(sort: Column | `${Column}_desc`) {
  const descending = sort.endsWith('_desc')
  return { column: (descending ? sort.slice(0, -'_desc'.length) : sort) as Column, descending }
}
