import type { Changes } from '../../db/changes.ts'
import type { Timestamp } from '../../lib/time.ts'

/** So many commits are remembered for who comes back, with so many ids in all. */
export const remembered_max = 5_000
const ids_max = 200_000

/** One commit. `seq` is the id of its row. */
export type Change = Readonly<{ seq: number; at: Timestamp; changes: Changes }>

/** `changes`, the oldest first, are all that came after the id `complete_after`. */
export type Recent = Readonly<{ complete_after: number; changes: readonly Change[] }>

export type ChangeMemory = Readonly<{ keep: (change: Change) => void; recent: () => Recent }>

/**
 * Remembers the last commits; bounded.
 *
 * @param begin all after this id will be told; undefined if there is none yet: all that come will be
 */
export function changeMemory(begin: number | undefined): ChangeMemory {
  let complete_after = begin ?? Infinity
  let kept: Change[] = []
  let ids = 0

  /** Drops the older half, so that dropping costs each commit next to nothing. */
  function forgetOld(): void {
    const gone = kept.slice(0, kept.length >> 1)
    kept = kept.slice(gone.length)
    for (const { seq, changes } of gone) {
      complete_after = Math.max(complete_after, seq)
      ids -= idsIn(changes)
    }
  }

  return {
    keep(change) {
      if (complete_after === Infinity) complete_after = change.seq - 1
      kept.push(change)
      ids += idsIn(change.changes)
      if (kept.length > remembered_max || (ids > ids_max && kept.length > 1)) forgetOld()
    },
    recent: () => ({ complete_after, changes: kept }),
  }
}

const idsIn = ({ events, bookings, check_ins, mails }: Changes) =>
  events.length + bookings.length + check_ins.length + mails.length
