import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type, type TSchema } from 'typebox'
import type { Database } from '../db/database.ts'
import { readingList } from '../db/list-line.ts'
import { keyOf, readPage, type Listing } from '../db/page-query.ts'
import { DomainError } from '../lib/errors.ts'
import type { Key } from '../lib/page.ts'
import { parseRfc3339 } from '../lib/time.ts'

export const limit_default = 50
export const limit_max = 100
/** Room for a title whose every character is escaped in JSON, in base64. */
const cursor_length_max = 4_000

/** What every list of version 2 takes. */
export const cursorQuery = {
  limit: Type.Integer({ minimum: 1, maximum: limit_max, default: limit_default, description: 'Rows a page' }),
  cursor: Type.Optional(
    Type.String({ minLength: 1, maxLength: cursor_length_max, description: '`next_cursor` of the page before' }),
  ),
}

/** A page of a list. */
export const PageOf = <Row extends TSchema>(row: Row) =>
  Type.Object({
    items: Type.Array(row),
    next_cursor: Type.Union([Type.String(), Type.Null()], {
      description: 'Where the next page begins; null on the last page',
    }),
  })

/**
 * One page of a list, read by key, so that rows that come and go between pages neither shift nor repeat others.
 * Says where the next page is in a `Link` header, too (RFC 8288).
 *
 * @throws DomainError `invalid_cursor`
 */
export async function listPage<Row extends object, Shown>(
  database: Database,
  request: FastifyRequest,
  reply: FastifyReply,
  listing: Listing<Row>,
  show: (row: Row) => Shown,
): Promise<{ items: Shown[]; next_cursor: string | null }> {
  const page = await readCursorPage(database, request.query as CursorPage, listing, show)
  linkNext(request, reply, page)
  return page
}

/** What `cursorQuery` lets through. */
export type CursorPage = { limit: number; cursor?: string }

/**
 * The same without a request, for whoever keeps it.
 *
 * @throws DomainError `invalid_cursor`
 */
export async function readCursorPage<Row extends object, Shown>(
  database: Database,
  { limit, cursor }: CursorPage,
  listing: Listing<Row>,
  show: (row: Row) => Shown,
): Promise<{ items: Shown[]; next_cursor: string | null }> {
  const { rows, has_more } = await readBehind(database, listing, limit, cursor)
  return { items: rows.map(show), next_cursor: has_more ? cursorOf(rows.at(-1)!, listing) : null }
}

/** Says where the next page is (RFC 8288). */
export function linkNext(
  request: FastifyRequest,
  reply: FastifyReply,
  { next_cursor }: { next_cursor?: string | null | undefined },
): void {
  if (!next_cursor) return
  const url = new URL(request.url, 'http://localhost')
  url.searchParams.set('cursor', next_cursor)
  void reply.header('link', `<${url.pathname}${url.search}>; rel="next"`)
}

/**
 * The rows of a list behind a cursor, or its first ones, and whether there are more.
 *
 * @throws DomainError `invalid_cursor`, or as readingList does
 */
export async function readBehind<Row extends object>(
  database: Database,
  listing: Listing<Row>,
  limit: number,
  cursor: string | undefined,
): Promise<{ rows: Row[]; has_more: boolean }> {
  const after = cursor === undefined ? undefined : readCursor(cursor, listing)
  const rows = await readingList(database, (db) => readPage(db, listing, after, limit + 1))
  return { rows: rows.slice(0, limit), has_more: rows.length > limit }
}

/** Where this row of a list stands. Opaque to clients: its key, and by what the list is ordered. */
export function cursorOf<Row extends object>(row: Row, listing: Listing<Row>): string {
  return Buffer.from(JSON.stringify([orderName(listing), ...keyOf(listing.order, row)])).toString('base64url')
}

function readCursor(cursor: string, listing: Pick<Listing<object>, 'order'>): Key {
  let parts: unknown
  try {
    parts = JSON.parse(Buffer.from(cursor, 'base64url').toString())
  } catch {
    throw new DomainError('invalid_cursor')
  }
  const isKey =
    Array.isArray(parts) &&
    parts.length === listing.order.columns.length + 1 &&
    parts[0] === orderName(listing) &&
    listing.order.columns.every(({ holds }, index) => fits(parts[index + 1], holds))
  if (!isKey) throw new DomainError('invalid_cursor')
  return (parts as Key).slice(1)
}

/** MySQL fails on comparing a moment with what is none. */
function fits(part: unknown, holds: 'text' | 'moment' | undefined): boolean {
  if (holds === undefined) return Number.isSafeInteger(part)
  if (typeof part !== 'string') return false
  return holds === 'text' || parseRfc3339(`${part.replace(' ', 'T')}Z`) !== undefined
}

function orderName({ order }: Pick<Listing<object>, 'order'>): string {
  return `${order.descending ? '-' : ''}${order.columns.map(({ field }) => field).join()}`
}
