import type { LogEvent } from 'kysely'
import { count, isRecorded, observe } from '../lib/metrics.ts'
import { isTraced, tracedBefore } from '../lib/tracing.ts'
import type { Dialect } from './dialect.ts'
import type { Group, GroupWrite, RunGroup } from './group/group.ts'

const kinds: Readonly<Record<string, string>> = {
  SelectQueryNode: 'select',
  InsertQueryNode: 'insert',
  UpdateQueryNode: 'update',
  DeleteQueryNode: 'delete',
}

/** What Kysely is given to tell of each statement; nothing, and so without any cost, unless somebody wants to know. */
export function statementLog(dialect: Dialect): { log?: (event: LogEvent) => void } {
  if (!isRecorded() && !isTraced()) return {}
  return {
    log(event) {
      const kind = kinds[event.query.query.kind] ?? 'other'
      observe('karcis_database_statement_seconds', { kind }, event.queryDurationMillis / 1_000)
      const failed = event.level === 'error'
      if (failed) countError(dialect, kind, event.error)
      // The text has a mark where each value stands.
      const said = { 'db.system.name': dialect.name, 'db.query.text': event.query.sql }
      tracedBefore(`SQL ${kind}`, said, event.queryDurationMillis, failed)
    },
  }
}

/** The same for groups, whose trips Kysely does not see. Their texts have values in them, so only their tables are told. */
export function watchGroups(dialect: Dialect, run: RunGroup): RunGroup {
  if (!isRecorded() && !isTraced()) return run
  const timed = async <T>(trip: () => Promise<T>, told: () => string): Promise<T> => {
    const began_ms = performance.now()
    let failed = true
    try {
      const result = await trip()
      failed = false
      return result
    } catch (error) {
      countError(dialect, 'group', error)
      throw error
    } finally {
      const duration_ms = performance.now() - began_ms
      observe('karcis_database_statement_seconds', { kind: 'group' }, duration_ms / 1_000)
      if (isTraced()) {
        const said = { 'db.system.name': dialect.name, 'db.query.summary': told() }
        tracedBefore('SQL group', said, duration_ms, failed)
      }
    }
  }
  const tables = (writes: readonly GroupWrite[]) => writes.map(({ kind, table }) => `${kind} ${table}`).join(', ')
  return (work) =>
    run(({ read, commit, commitAtOnce }) => {
      const group: Group = {
        read: (reads) => timed(() => read(reads), () => reads.map(({ select }) => select).join('; ')), // prettier-ignore
        commit: (writes) => timed(() => commit(writes), () => tables(writes)), // prettier-ignore
        commitAtOnce: (guard, writes) => timed(() => commitAtOnce(guard, writes), () => tables(writes)), // prettier-ignore
      }
      return work(group)
    })
}

/** What a unique index refuses is often asked on purpose; it is counted all the same, under its name. */
function countError(dialect: Dialect, kind: string, error: unknown): void {
  count('karcis_database_errors_total', { kind, meaning: dialect.meaningOf(error) })
}
