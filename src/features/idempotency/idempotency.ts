import { createHash } from 'node:crypto'
import type { Database, Db, Tx } from '../../db/database.ts'
import { inTransaction, reading } from '../../db/transaction.ts'
import type { Identity } from '../../lib/caller.ts'
import { DomainError } from '../../lib/errors.ts'
import { toTimestamp, type Timestamp } from '../../lib/time.ts'

/** A caller's promise that requests with one key are one request. */
export type IdempotencyKey = {
  /** Whose key it is. */
  scope: string
  key: string
  /** A hash of what is asked: the same key may not ask for something else. */
  fingerprint: string
}

/** Keeps what was made, in the transaction that made it, so that the same request gets the same answer again. */
export type Keep<Result> = (tx: Tx, result: Result) => Promise<void>

export const keyColumns = ['scope', 'idempotency_key', 'fingerprint', 'answer', 'created_at'] as const

const kept_ms = 24 * 60 * 60 * 1_000
const removed_max = 500

/**
 * The key of a request, if it came with one.
 *
 * @param operation what the request does
 * @param asked with what; no secrets, which a hash would not keep
 * @param visitor who a visitor is, by what they ask for: they choose keys without knowing of one another's
 * @throws DomainError `invalid_idempotency_key`
 */
export function idempotencyKey(
  given: string | undefined,
  { role, user_id }: Identity,
  operation: string,
  asked: unknown,
  visitor = '',
): IdempotencyKey | undefined {
  if (given === undefined) return undefined
  if (!/^[\x21-\x7e]{1,255}$/.test(given)) throw new DomainError('invalid_idempotency_key')
  const scope = user_id !== undefined ? `user ${user_id}` : visitor ? `${role} ${sha256(visitor, 'base64url')}` : role
  const fingerprint = sha256(JSON.stringify([operation, asked]), 'hex')
  return { scope, key: given, fingerprint }
}

const sha256 = (text: string, encoding: 'hex' | 'base64url') => createHash('sha256').update(text).digest(encoding)

/** The row under which an answer is kept, in the order of `keyColumns`. */
export function keyValues({ scope, key, fingerprint }: IdempotencyKey, answer: unknown, at: Timestamp): string[] {
  return [scope, key, fingerprint, JSON.stringify(answer), at]
}

/** Keeps an answer under this key; undefined without a key. */
export function keepUnder<Result>(key: IdempotencyKey | undefined, now: () => Date): Keep<Result> | undefined {
  if (!key) return undefined
  return async (tx, result) => {
    const [scope, idempotency_key, fingerprint, answer, created_at] = keyValues(key, result, toTimestamp(now()))
    const row = { scope, idempotency_key, fingerprint, answer, created_at } as Record<string, string>
    await tx
      .insertInto('idempotency_key')
      .values(row as never)
      .execute()
  }
}

/** The keys that this server is working on. There is one set, whatever ways lead to it. */
export type KeysInFlight = Set<string>

/**
 * Does `make`, unless it was done under this key before: then its answer comes again. Refusals are not kept: they
 * changed nothing, and the same request may be tried again.
 *
 * @param make must keep its answer under the key in its own transaction
 * @throws DomainError `idempotency_key_reused` if another request came with the key, `idempotency_key_in_use`
 */
export async function once<Result>(
  database: Database,
  inFlight: KeysInFlight,
  key: IdempotencyKey | undefined,
  make: () => Promise<Result>,
): Promise<{ result: Result; replayed: boolean }> {
  if (!key) return { result: await make(), replayed: false }

  const name = `${key.scope} ${key.key}`
  if (inFlight.has(name)) throw new DomainError('idempotency_key_in_use')
  inFlight.add(name)
  try {
    const before = await findAnswer<Result>(database, key)
    if (before) return { result: before, replayed: true }
    try {
      return { result: await make(), replayed: false }
    } catch (error) {
      // Another server may have made it while this one was waiting: then its answer is ours.
      const meanwhile = await findAnswer<Result>(database, key).catch((failed: unknown) => {
        // That it could not be looked up says less than what went wrong before: an outcome that is unknown, above all.
        throw failed instanceof DomainError && failed.code === 'idempotency_key_reused' ? failed : error
      })
      if (meanwhile) return { result: meanwhile, replayed: true }
      throw error
    }
  } finally {
    inFlight.delete(name)
  }
}

/**
 * What was made under this key, as it was then; undefined if nothing was.
 *
 * @throws DomainError `idempotency_key_reused` if another request came with it
 */
export async function findAnswer<Result>(
  database: Database,
  { scope, key, fingerprint }: IdempotencyKey,
): Promise<Result | undefined> {
  const row = await reading(database, (db) => findKey(db, scope, key))
  if (!row) return undefined
  if (row.fingerprint !== fingerprint) throw new DomainError('idempotency_key_reused')
  return JSON.parse(row.answer) as Result
}

function findKey(db: Db, scope: string, key: string) {
  return db
    .selectFrom('idempotency_key')
    .select(['fingerprint', 'answer'])
    .where('scope', '=', scope)
    .where('idempotency_key', '=', key)
    .executeTakeFirst()
}

/**
 * Removes keys older than a day, a bounded number of them, and returns how many. A key is as good as new for as
 * long as it is there: a day at least.
 */
export async function removeOldKeys(database: Database, now: Date): Promise<number> {
  const before: Timestamp = toTimestamp(new Date(now.getTime() - kept_ms))
  return inTransaction(database, async (tx) => {
    const old = await tx
      .selectFrom('idempotency_key')
      .select(['scope', 'idempotency_key'])
      .where('created_at', '<', before)
      .orderBy('created_at')
      .limit(removed_max)
      .execute()
    for (const { scope, idempotency_key } of old) {
      await tx
        .deleteFrom('idempotency_key')
        .where('scope', '=', scope)
        .where('idempotency_key', '=', idempotency_key)
        // Another server may have removed it meanwhile, and its caller have come with it anew.
        .where('created_at', '<', before)
        .execute()
    }
    return old.length
  })
}

/** Removes the answers that are kept for this user. */
export async function eraseAnswers(tx: Tx, userId: number): Promise<void> {
  await tx.deleteFrom('idempotency_key').where('scope', '=', `user ${userId}`).execute()
}
