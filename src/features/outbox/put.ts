import type { Tx } from '../../db/database.ts'
import type { Timestamp } from '../../lib/time.ts'
import { traceparent } from '../../lib/tracing.ts'
import { insertMessages } from './outbox.sql.ts'

const payload_bytes_max = 64 * 1024

/** Something that must happen outside the database. */
export type NewMessage = {
  /** Which handler does it: up to 32 printable ASCII characters. */
  kind: string
  /** Names this piece of work within its kind, up to 128 of them. */
  key: string
  /** What the handler needs, as JSON. Better the ids of rows than what is in them: a name can be erased there. */
  payload: unknown
  at: Timestamp
  /** Not before this moment; at once if left out. */
  run_at?: Timestamp
}

/**
 * Writes messages in the transaction of their cause: there is none without the other. After the commit, `deps.wake()`.
 *
 * One with the same kind and key that is there already, be it waiting, under way or dead, is left as it is. What must
 * happen again, even while it is happening, needs a key of its own.
 *
 * @throws Error if it does not fit: a bug
 */
export async function putInOutbox(tx: Tx, ...messages: readonly NewMessage[]): Promise<void> {
  if (messages.length > 0) await insertMessages(tx, messages.map(rowOf))
}

/** The same for who inserts by itself, as a group does (db/group). */
export const messageColumns = ['kind', 'dedup_key', 'payload', 'run_at', 'traceparent', 'created_at'] as const
export function messageValues(message: NewMessage): (string | null)[] {
  const row = rowOf(message)
  return messageColumns.map((column) => row[column])
}

function rowOf({ kind, key, payload, at, run_at = at }: NewMessage) {
  const text = JSON.stringify(payload) ?? 'null'
  if (!/^[ -~]{1,32}$/.test(kind) || !/^[ -~]{1,128}$/.test(key))
    throw new Error(`no message can be called ${kind} ${key}`)
  if (Buffer.byteLength(text) > payload_bytes_max) throw new Error(`the payload of ${kind} ${key} is too long`)
  const stamps = { created_at: at, traceparent: traceparent() ?? null }
  return { kind, dedup_key: key, payload: text, run_at, last_error: null, dead_at: null, ...stamps }
}
