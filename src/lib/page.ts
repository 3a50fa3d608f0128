import { createHash } from 'node:crypto'

/** Which part of a list is asked for: `page` counts from 1, `limit` is its length. */
export type Page = { page: number; limit: number }

/** Where a row stands in its list: the values that the list is ordered by, of which the last is unique. */
export type Key = readonly (string | number)[]

const marks_max = 10_000
/** More than a program takes from one page to the next, and not long enough for others to come upon it by chance. */
const age_ms_max = 3_000
/** And so many times as long as it took to count up to there, which then takes a hundredth of the time at most. */
const age_factor = 100
/** A list's name has its filters in it; a longer one is kept as its hash. */
const name_length_max = 200

/**
 * Pages are asked for by number, but read by key: whoever reads a page leaves a mark where the next one begins, so
 * going through a list costs the same at its ten-millionth row as at its first, and rows deleted meanwhile never make the
 * next page jump over others. Who jumps to a page that nobody has come to skips rows, once.
 *
 * A mark is meant for who left it. Others may have read the page before on another server, or when it ended elsewhere, so
 * it is soon forgotten, unless it is far from the start: to count up to there anew every three seconds would cost everyone.
 *
 * @param now milliseconds of a clock that is never set back
 */
export function pageMarks(now: () => number = () => performance.now()) {
  const marks = new Map<string, { key: Key; good_until_ms: number }>()
  const nameOf = (list: string, { page, limit }: Page) =>
    `${page} ${limit} ${list.length > name_length_max ? createHash('sha256').update(list).digest('base64') : list}`

  return {
    /** The key behind which this page begins, if somebody has just come to it. `list` tells lists and filters apart. */
    find(list: string, page: Page): Key | undefined {
      const mark = marks.get(nameOf(list, page))
      return mark && now() <= mark.good_until_ms ? mark.key : undefined
    },
    /** @param counted_ms how long it took to find it by counting; 0 for who came to it page by page */
    leave(list: string, page: Page, key: Key, counted_ms = 0): void {
      const name = nameOf(list, page)
      // So that the first is always the oldest.
      marks.delete(name)
      if (marks.size >= marks_max) marks.delete(marks.keys().next().value!)
      marks.set(name, { key, good_until_ms: now() + Math.max(age_ms_max, age_factor * counted_ms) })
    },
  }
}
