/** What a group may write. */
export type SqlValue = number | string | null

/** A select of rows by their ids, or by those of what they belong to: `${select} where ${by} in (…)`. */
export type GroupRead = {
  /** Up to and without the `where`; `id` must be among the columns. */
  select: string
  /** A column with an index; `id` if left out. */
  by?: string
  /** Ascending, so that no two groups lock in opposite orders. */
  ids: readonly number[]
  /**
   * Until the group ends, `update` keeps all others out, `share` only those who want to change the row. `none` is for
   * rows that nobody changes without a lock that the group has taken before.
   */
  lock: 'update' | 'share' | 'none'
}

export type GroupWrite =
  | { kind: 'insert'; table: string; columns: readonly string[]; rows: readonly (readonly SqlValue[])[] }
  /** Sets the same values in all the rows with these ids. */
  | { kind: 'set'; table: string; values: Readonly<Record<string, SqlValue>>; ids: readonly number[] }
  /** Takes `amount` from a column of the row with this id, and stamps `updated_at`. */
  | {
      kind: 'subtract'
      table: string
      column: string
      amounts: readonly (readonly [id: number, amount: number])[]
      at: string
    }

/**
 * What a group takes for granted when it goes without looking first; if it isn't so, nothing is kept. Beside what stands
 * here, each of its subtractions must leave more than nothing in every row that it names.
 */
export type GroupGuard = {
  /** The first subtraction touches rows only that have this version. */
  versions: readonly (readonly [id: number, version: number])[]
  /** Every row with these ids is there and has these values, and stays so until the group ends. */
  rows: { table: string; ids: readonly number[]; equal: Readonly<Record<string, SqlValue>> }
  /** No fence stands under this number (see migration 0002). */
  fence: number
}

/**
 * One transaction for many: a trip to lock and read, then a trip to write and commit.
 * Names and columns in it are the code's own; values are whatever people sent.
 */
export type Group = {
  read(reads: readonly GroupRead[]): Promise<Record<string, unknown>[][]>
  /** Writes everything and commits. */
  commit(writes: readonly GroupWrite[]): Promise<void>
  /**
   * Instead of read and commit: everything in one trip. The first of the writes
   * must be a subtraction, whose rows are locked before anything else is looked at. Rejects, with nothing kept, if the guard does not hold.
   */
  commitAtOnce(guard: GroupGuard, writes: readonly GroupWrite[]): Promise<void>
}

/** The commit was sent, and the connection was lost before its answer: it may have happened, or not. */
export class CommitOutcomeUnknown extends Error {
  override name = 'CommitOutcomeUnknown'
}

/** Runs `work` with a group; rolls back if it throws, or ends without committing. One at a time. */
export type RunGroup = <T>(work: (group: Group) => Promise<T>) => Promise<T>
