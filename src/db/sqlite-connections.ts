import { statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'

/** How long one statement of a thread waits for another process's write. */
const busy_ms_max = 500
/** The same on the main thread, where it blocks all else meanwhile; transaction.ts tries again without blocking. */
export const main_busy_ms_max = 20
/** A log that grew while somebody read on and on is cut back to this when it begins anew. */
const log_bytes_kept = 64 * 1024 * 1024

/**
 * A connection that writes. WAL: readers never wait for the writer. FULL: what was committed survives a power cut. The log
 * is folded into the file every 64 MB: random pages are written several times before, and once then.
 */
export function openWriter(file: string, timeout = busy_ms_max): DatabaseSync {
  const writer = new DatabaseSync(file, { timeout, enableForeignKeyConstraints: true })
  try {
    writer.exec(
      'pragma journal_mode = wal; pragma synchronous = full; pragma trusted_schema = off; pragma cache_size = -65536; ' +
        `pragma wal_autocheckpoint = 16000; pragma journal_size_limit = ${log_bytes_kept}`,
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

/**
 * Looks whether the file under this name is the one that is there now. SQLite goes by what it has open: whatever is written to
 * a file that was deleted or replaced is gone with the process, and a thread that opens the name finds another one.
 *
 * @returns throws, as if the file could not be reached, once it is not
 */
export function watchFile(file: string): () => void {
  const { dev, ino } = statSync(file, { bigint: true })
  return () => {
    const now = statSync(file, { bigint: true, throwIfNoEntry: false })
    if (now?.dev === dev && now.ino === ino) return
    throw unreachable(
      `${file} was deleted, moved or replaced while it was open, and nothing is written any more: put it back, or stop the ` +
        'server before it is started on what is there',
    )
  }
}
