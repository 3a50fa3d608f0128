import type { LogEvent } from 'kysely'
import { count, isRecorded, observe } from '../lib/metrics.ts'
import type { Dialect } from './dialect.ts'
import type { Group, RunGroup } from './group/group.ts'

const kinds: Readonly<Record<string, string>> = {
  SelectQueryNode: 'select',
  InsertQueryNode: 'insert',
  UpdateQueryNode: 'update',
  DeleteQueryNode: 'delete',
}

/** What Kysely is given to tell of each statement; nothing, and so without any cost, unless somebody wants to know. */
export function statementLog(dialect: Dialect): { log?: (event: LogEvent) => void } {
  if (!isRecorded()) return {}
  return {
    log(event) {
      const kind = kinds[event.query.query.kind] ?? 'other'
      observe('karcis_database_statement_seconds', { kind }, event.queryDurationMillis / 1_000)
      if (event.level === 'error') countError(dialect, kind, event.error)
    },
  }
}

/** The same for groups, whose trips Kysely does not see. */
export function watchGroups(dialect: Dialect, run: RunGroup): RunGroup {
  if (!isRecorded()) return run
  const timed = async <T>(trip: () => Promise<T>): Promise<T> => {
    const began_ms = performance.now()
    try {
      return await trip()
    } catch (error) {
      countError(dialect, 'group', error)
      throw error
    } finally {
      observe('karcis_database_statement_seconds', { kind: 'group' }, (performance.now() - began_ms) / 1_000)
    }
  }
  return (work) =>
    run(({ read, commit, commitAtOnce }) => {
      const group: Group = {
        read: (reads) => timed(() => read(reads)),
        commit: (writes) => timed(() => commit(writes)),
        ...(commitAtOnce && { commitAtOnce: (guard, writes) => timed(() => commitAtOnce(guard, writes)) }),
      }
      return work(group)
    })
}

/** What a unique index refuses is often asked on purpose; it is counted all the same, under its name. */
function countError(dialect: Dialect, kind: string, error: unknown): void {
  count('karcis_database_errors_total', { kind, meaning: dialect.meaningOf(error) })
}
