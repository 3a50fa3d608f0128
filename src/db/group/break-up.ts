import { DomainError } from '../../lib/errors.ts'
import type { Dialect } from '../dialect.ts'

/**
 * For a group that the database won't take: keeps each half by itself. Halved again and again, the one that breaks it stands
 * alone and is refused alone, and its neighbours go through.
 *
 * @param error why it was not taken; nothing of it may have been kept
 */
export async function breakUp<Item, Result>(
  dialect: Dialect,
  group: readonly Item[],
  error: unknown,
  keep: (some: readonly Item[]) => Promise<(Result | Error)[]>,
): Promise<(Result | Error)[]> {
  if (group.length === 1) {
    const isDuplicate = dialect.meaningOf(error) === 'duplicate'
    return [isDuplicate ? new DomainError('server_busy', undefined, { cause: error }) : (error as Error)]
  }
  const middle = group.length >> 1
  return [...(await keep(group.slice(0, middle))), ...(await keep(group.slice(middle)))]
}

/** Whatever is left of a group then is refused without being tried: who waits in line behind it has waited long enough. */
export const begin_ms_max = 20_000

/** Whether a group waited for a locked row in vain, and some of it need another one. */
export function isHeldUpByOne<Item>(
  dialect: Dialect,
  error: unknown,
  group: readonly Item[],
  rowOf: (item: Item) => number,
): boolean {
  return dialect.isLockTimeout(error) && group.some((item) => rowOf(item) !== rowOf(group[0]!))
}

/**
 * For such a group: keeps those who need the same row by themselves, so that only who
 * needs the locked one waits for it again.
 */
export async function keepApart<Item, Result>(
  group: readonly Item[],
  rowOf: (item: Item) => number,
  keep: (some: readonly Item[]) => Promise<(Result | Error)[]>,
): Promise<(Result | Error)[]> {
  const results = Array<Result | Error>(group.length)
  const apart = Map.groupBy(group.keys(), (index) => rowOf(group[index]!))
  for (const indexes of apart.values()) {
    const kept = await keep(indexes.map((index) => group[index]!))
    for (const [place, index] of indexes.entries()) results[index] = kept[place]!
  }
  return results
}
