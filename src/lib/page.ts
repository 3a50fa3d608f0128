/** Which part of a list is asked for: `page` counts from 1, `limit` is its length. */
export type Page = { page: number; limit: number }

/** Where a page begins, as a query can use it: behind the row with this id, after skipping so many. */
export type PageStart = { after: number; skip: number }

const marks_max = 10_000

/**
 * Pages are asked for by number, but read by key: whoever reads a page leaves a mark where the next one begins, so
 * going through a list costs the same at its ten-millionth row as at its first. Who jumps to a page that nobody
 * has come to skips rows, once. Rows deleted meanwhile never make the next page jump over others.
 */
export function pageMarks() {
  const marks = new Map<string, number>()

  function mark(page: number, limit: number, after: number): void {
    if (marks.size >= marks_max) marks.delete(marks.keys().next().value!)
    marks.set(`${limit} ${page}`, after)
  }

  return {
    startOf({ page, limit }: Page): PageStart {
      const after = page === 1 ? 0 : marks.get(`${limit} ${page}`)
      return after === undefined ? { after: 0, skip: (page - 1) * limit } : { after, skip: 0 }
    },
    /** `rows` is the page, with one row more if there is a next one. */
    note({ page, limit }: Page, rows: readonly { id: number }[]): void {
      const [first] = rows
      // One who jumped here need not skip the next time.
      if (first && page > 1 && !marks.has(`${limit} ${page}`)) mark(page, limit, first.id - 1)
      if (rows.length > limit) mark(page + 1, limit, rows[limit - 1]!.id)
    },
  }
}
