import type { FastifyReply } from 'fastify'
import type { Database } from '../db/database.ts'
import { readingList } from '../db/list-line.ts'
import { keyAt, keyOf, readPage, type Listing } from '../db/page-query.ts'
import { groupQueue } from '../lib/group-queue.ts'
import { pageMarks, type Key, type Page } from '../lib/page.ts'
import { listed } from './envelope.ts'
import { serialise } from './serialise.ts'

const limits = { length_max: 20_000, wait_ms_max: 10_000 }

type Asked<Row> = { listing: Listing<Row>; page: Page; reply: FastifyReply }

/** A page before it is read. */
export type PageToRead = Readonly<{
  /** Tells it from all others. */
  name: string
  read: () => Promise<string>
}>

/**
 * Answers a list for many at once. Those who ask for the same page while one is being read share the next
 * reading, and its serialised bytes: always read after they asked, never remembered.
 */
export function sharedList<Row extends object>(database: Database, message: string, show: (row: Row) => unknown) {
  const pages = pageReader(database, message, show)
  const queue = groupQueue<Asked<Row>, string>(async (askers) => {
    const bodies = new Map<string, Promise<string>>()
    const answers = askers.map((asked) => {
      const { name, read } = pages(asked)
      let body = bodies.get(name)
      if (!body) bodies.set(name, (body = read()))
      return body
    })
    const settled = await Promise.allSettled(answers)
    return settled.map((one) => (one.status === 'fulfilled' ? one.value : (one.reason as Error)))
  }, limits)

  return async (listing: Listing<Row>, page: Page, reply: FastifyReply): Promise<FastifyReply> => {
    const body = await queue.join({ listing, page, reply })
    return reply.type('application/json; charset=utf-8').send(body)
  }
}

/**
 * Finds pages of a list by their numbers, to be read and serialised as the route of the reply does. A page that begins
 * elsewhere than before has another name: it is another page, and what was kept of that one would repeat or lack rows.
 */
export function pageReader<Row extends object>(
  database: Database,
  message: string,
  show: (row: Row) => unknown,
): (asked: Asked<Row>) => PageToRead {
  const marks = pageMarks()

  async function read({ listing, page, reply }: Asked<Row>, marked: Key | undefined): Promise<string> {
    const start = marked ?? (await countedStart(listing, page))
    const rows =
      start === 'beyond the end'
        ? []
        : // One row more than is shown, to see whether there is a next page.
          await readingList(database, (db) => readPage(db, listing, start, page.limit + 1))
    if (rows.length > page.limit) {
      const last = rows[page.limit - 1]!
      marks.leave(listing.name, { ...page, page: page.page + 1 }, keyOf(listing.order, last))
    }
    return serialise(reply, listed(message, rows, page, show))
  }

  async function countedStart(listing: Listing<Row>, page: Page): Promise<Key | undefined | 'beyond the end'> {
    if (page.page === 1) return undefined
    const began_ms = performance.now()
    const found = await readingList(database, (db) => keyAt(db, listing, (page.page - 1) * page.limit))
    if (!found) return 'beyond the end'
    // One who jumped here need not skip the next time.
    marks.leave(listing.name, page, found, performance.now() - began_ms)
    return found
  }

  return (asked) => {
    const { listing, page } = asked
    const marked = marks.find(listing.name, page)
    return {
      name: `${page.limit} ${page.page} ${JSON.stringify(marked ?? null)} ${listing.name}`,
      read: () => read(asked, marked),
    }
  }
}
