import { DatabaseSync } from 'node:sqlite'

/**
 * How long one statement waits for another process's write. On the main thread the wait blocks the event loop,
 * so it is short; transaction.ts tries again without blocking.
 */
const busy_ms_max = 500

/**
 * A connection that writes. WAL: readers never wait for the writer. FULL: what was committed survives a power cut. The log
 * is folded into the file every 64 MB: random pages are written several times before, and once then.
 */
export function openWriter(file: string): DatabaseSync {
  const writer = new DatabaseSync(file, { timeout: busy_ms_max, enableForeignKeyConstraints: true })
  try {
    writer.exec(
      'pragma journal_mode = wal; pragma synchronous = full; pragma trusted_schema = off; pragma cache_size = -65536; ' +
        'pragma wal_autocheckpoint = 16000',
    )
    return writer
  } catch (error) {
    writer.close()
    throw error
  }
}

export function openReader(file: string): DatabaseSync {
  return new DatabaseSync(file, { timeout: busy_ms_max, readOnly: true })
}

/** An error that is taken for one of SQLite's own, of a file that it can't reach (SQLITE_IOERR). */
export const unreachable = (message: string, options?: ErrorOptions): Error =>
  Object.assign(new Error(message, options), { errcode: 10 })
