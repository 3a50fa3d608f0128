import { createConnection, type Connection, type ConnectionOptions } from 'mysql2'
import { mysql } from '../dialect.ts'
import { inTime } from '../mysql-deadline.ts'
import { reuse_ms_max, sessionSettings } from '../mysql-session.ts'
import { CommitOutcomeUnknown, type Group, type RunGroup } from './group.ts'
import { packedInsertText } from './packed-insert.ts'
import { guardedText, readText, writeText, type WriteText } from './sql-text.ts'

const trip_ms_max = 10_000
/** After a failed connect, groups are refused for so long before the next try: no storm on a server that comes back. */
const reconnect_ms = 200

/**
 * Groups on MySQL: a connection of their own, the only one that may send several statements in one packet
 * (see sql-text.ts), so that a group costs one round trip or two, however large it is.
 */
export function mysqlGroups(options: ConnectionOptions): { run: RunGroup; close: () => Promise<void> } {
  let connection: Connection | undefined
  let usedAt_ms = 0
  let write: WriteText = writeText
  let failed: { error: unknown; at: number } | undefined

  async function connected(): Promise<Connection> {
    if (connection && performance.now() - usedAt_ms > reuse_ms_max) discard(connection)
    if (connection) return connection
    if (failed && performance.now() - failed.at < reconnect_ms) throw failed.error
    // Nothing is filled in here, and the driver need not look for places where something would be.
    const queryFormat = (sql: string) => sql
    const fresh = createConnection({ ...options, multipleStatements: true, queryFormat })
    // Errors reach whoever waits for a statement; between statements they only mean that a new one is needed.
    const lost = () => {
      if (connection === fresh) connection = undefined
    }
    fresh.on('error', lost)
    fresh.on('end', lost)
    try {
      await send(fresh, sessionSettings.join(';'))
      write = (await hasSequences(fresh)) ? writePacked : writeText
      failed = undefined
      usedAt_ms = performance.now()
      return (connection = fresh)
    } catch (error) {
      failed = { error, at: performance.now() }
      fresh.destroy()
      throw error
    }
  }

  const run: RunGroup = async (work) => {
    const current = await connected()
    let state = 'idle' as 'idle' | 'open' | 'committing' | 'done'
    const group: Group = {
      async read(reads) {
        state = 'open'
        const results = await send(current, `start transaction;${reads.map(readText).join(';')}`)
        return (results as unknown[]).slice(1) as Record<string, unknown>[][]
      },
      commit: (writes) => commitText(writes.map(write).join(';')),
      commitAtOnce: (guard, writes) => commitText(`start transaction;${guardedText(guard, writes, write)}`),
    }
    async function commitText(text: string): Promise<void> {
      state = 'committing'
      try {
        await send(current, `${text};commit`)
      } catch (error) {
        // An error packet says that the server stopped before its commit; a connection that is lost, in whatever way, says
        // nothing.
        if (!isErrorPacket(error) || mysql.meaningOf(error) === 'unavailable') {
          throw new CommitOutcomeUnknown('connection lost in a commit', { cause: error })
        }
        state = 'open'
        throw error
      }
      state = 'done'
    }
    try {
      return await work(group)
    } finally {
      usedAt_ms = performance.now()
      if (state === 'committing') discard(current)
      else if (state === 'open') await send(current, 'rollback').catch(() => discard(current))
    }
  }

  function discard(lost: Connection): void {
    if (connection === lost) connection = undefined
    lost.destroy()
  }

  return {
    run,
    close: async () => {
      const last = connection
      connection = undefined
      if (last) await new Promise<void>((resolve) => last.end(() => resolve()))
    },
  }
}

/** MariaDB has tables of numbers that are nowhere stored, unless somebody has turned them off; MySQL has none. */
async function hasSequences(connection: Connection): Promise<boolean> {
  try {
    await send(connection, 'select seq from seq_0_to_0')
    return true
  } catch (error) {
    if (mysql.meaningOf(error) === 'unavailable') throw error
    return false
  }
}

const writePacked: WriteText = (one) => (one.kind === 'insert' ? packedInsertText(one) : undefined) ?? writeText(one)

/** One packet there and back; a server that says nothing for too long counts as lost. */
function send(connection: Connection, sql: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    inTime(
      connection,
      trip_ms_max,
      (answered) => connection.query(sql, answered),
      (error, results) => (error ? reject(error) : resolve(results)),
    )
  })
}

/** Only what the server has sent has a state of SQL's. */
const isErrorPacket = (error: unknown): boolean => typeof (error as { sqlState?: unknown }).sqlState === 'string'
