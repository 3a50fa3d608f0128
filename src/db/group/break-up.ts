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
