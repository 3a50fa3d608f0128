import { createHash } from 'node:crypto'

/** Which part of a list is asked for: `page` counts from 1, `limit` is its length. */
export type Page = { page: number; limit: number }

/** Where a row stands in its list: the values that the list is ordered by, of which the last is unique. */
export type Key = readonly (string | number)[]

const marks_max = 10_000
/** A list's name has its filters in it; a longer one is kept as its hash. */
const name_length_max = 200

/**
 * Pages are asked for by number, but read by key: whoever reads a page leaves a mark where the next one begins, so
 * going through a list costs the same at its ten-millionth row as at its first. Who jumps to a page that nobody
 * has come to skips rows, once. Rows deleted meanwhile never make the next page jump over others.
 */
export function pageMarks() {
  const marks = new Map<string, Key>()
  const nameOf = (list: string, { page, limit }: Page) =>
    `${page} ${limit} ${list.length > name_length_max ? createHash('sha256').update(list).digest('base64') : list}`

  return {
    /** The key behind which this page begins, if somebody has come to it. `list` tells lists and filters apart. */
    find: (list: string, page: Page): Key | undefined => marks.get(nameOf(list, page)),
    leave(list: string, page: Page, key: Key): void {
      if (marks.size >= marks_max) marks.delete(marks.keys().next().value!)
      marks.set(nameOf(list, page), key)
    },
  }
}
