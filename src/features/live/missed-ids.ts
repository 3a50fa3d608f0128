/** Longer than a transaction lasts: until then an id that was jumped over may still come. */
const awaited_ms = 60_000
export const awaited_max = 1_000

export type MissedIds = Readonly<{
  /** Of two ids that were read one after the other, all between them were jumped over; one that was awaited has come. */
  pass: (before: number, id: number) => void
  /** Those that may still come, ascending. */
  list: () => number[]
}>

/**
 * Ids that were jumped over. A database hands them out before the commit, so one may show up behind a larger one; one
 * whose transaction was rolled back never does. Bounded: of more, the highest are awaited.
 *
 * @param now a clock that is never set back
 */
export function missedIds(now = () => performance.now()): MissedIds {
  const awaited = new Map<number, number>()

  function forgetOld(): void {
    for (const [id, until_ms] of awaited) {
      if (until_ms > now() && awaited.size <= awaited_max) return
      awaited.delete(id)
    }
  }

  return {
    pass(before, id) {
      awaited.delete(id)
      const until_ms = now() + awaited_ms
      for (let one = Math.max(before + 1, id - awaited_max); one < id; one++) awaited.set(one, until_ms)
      forgetOld()
    },
    list() {
      forgetOld()
      return [...awaited.keys()]
    },
  }
}
