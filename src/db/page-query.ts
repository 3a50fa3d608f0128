import { sql, type RawBuilder, type SelectQueryBuilder } from 'kysely'
import type { Key } from '../lib/page.ts'
import type { Db } from './database.ts'
import type { Schema } from './schema.ts'

// oxlint-disable-next-line typescript/no-explicit-any -- which tables are joined is the query's own affair
type Query<Row> = SelectQueryBuilder<Schema, any, Row>

/** A column that a list is ordered by, the field of its rows that holds it, and what is in it: a number if left out. */
type OrderedColumn = { column: string; field: string; holds?: 'text' | 'moment' }

/** The order of a list; its last column is unique, so that every row has a place of its own. */
export type Order = { columns: readonly OrderedColumn[]; descending?: boolean }

/** A list before anyone has said which part of it: a query with its filters, and the order it is read in. */
export type Listing<Row> = {
  /** Tells this list and its filters from others. */
  name: string
  select: (db: Db) => Query<Row>
  order: Order
}

/** By id alone, ascending. */
export function byId(table: keyof Schema): Order {
  return { columns: [{ column: `${table}.id`, field: 'id' }] }
}

/** The rows behind this key, at most `limit`; the first ones if there is no key. */
export async function readPage<Row>(
  db: Db,
  { select, order }: Listing<Row>,
  after: Key | undefined,
  limit: number,
): Promise<Row[]> {
  const query = select(db)
  const behind = after ? query.where(isBehind(order, after)) : query
  return ordered(behind, order).limit(limit).execute()
}

/** The key of the row with this number, counted from 1; undefined if the list is shorter. */
export async function keyAt<Row>(db: Db, { select, order }: Listing<Row>, number: number): Promise<Key | undefined> {
  const [only, ...more] = order.columns
  if (more.length === 0) {
    // There can't be more rows than ids: a page far beyond the end is not skipped to at all.
    const table = sql.table(only!.column.split('.')[0]!)
    const { rows } = await sql<{ last: number | null }>`select max(id) as last from ${table}`.execute(db)
    if ((rows[0]?.last ?? 0) < number) return undefined
  }
  const keys = select(db)
    .clearSelect()
    .select(order.columns.map(({ column, field }) => sql<string | number>`${sql.ref(column)}`.as(field)))
  // No id is below 1: said so that the way there is a range of the index.
  const first = sql<boolean>`${sql.ref(order.columns.at(-1)!.column)} > 0`
  const row = await ordered(keys.where(first), order)
    .limit(1)
    .offset(number - 1)
    .executeTakeFirst()
  return row && keyOf(order, row)
}

/** Where this row stands. */
export function keyOf(order: Order, row: object): Key {
  return order.columns.map(({ field }) => (row as Record<string, string | number>)[field]!)
}

function ordered<Row>(query: Query<Row>, { columns, descending = false }: Order): Query<Row> {
  return columns.reduce((sorted, { column }) => sorted.orderBy(sql.ref(column), descending ? 'desc' : 'asc'), query)
}

/**
 * `a >= 1 and (a > 1 or (b >= 2 and (b > 2 or c > 3)))`: the same as comparing the rows as wholes, in a form
 * that both databases turn into a range of an index.
 */
function isBehind({ columns, descending }: Order, key: Key): RawBuilder<boolean> {
  const beyond = sql.raw(descending ? '<' : '>')
  const build = (from: number): RawBuilder<boolean> => {
    const column = sql.ref(columns[from]!.column)
    const value = key[from]!
    if (from === columns.length - 1) return sql<boolean>`${column} ${beyond} ${value}`
    return sql<boolean>`(${column} ${beyond}= ${value} and (${column} ${beyond} ${value} or ${build(from + 1)}))`
  }
  return build(0)
}
