import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Deps } from '../../deps.ts'
import type { Caller } from '../../lib/caller.ts'
import { idempotencyKey, keepUnder, once, type IdempotencyKey, type Keep, type KeysInFlight } from './idempotency.ts'

/** What a request with a key may be refused with, besides what it is refused with anyway. */
export const keyRefusals = ['idempotency_key_in_use', 'idempotency_key_reused'] as const

/**
 * Does what a POST asks for, once for each Idempotency-Key, and marks an answer that comes again.
 *
 * @param operation what the request does
 * @param asked with what; no secrets
 * @param make keeps its answer by `keep`, or under `key` where it writes in a group
 * @throws DomainError `invalid_idempotency_key`, `idempotency_key_reused`, `idempotency_key_in_use`
 */
export async function answerOnce<Result>(
  deps: Deps & { keysInFlight: KeysInFlight },
  { headers, caller }: FastifyRequest,
  reply: FastifyReply,
  operation: string,
  asked: unknown,
  make: (keep: Keep<unknown> | undefined, key: IdempotencyKey | undefined) => Promise<Result>,
): Promise<Result> {
  const given = headers['idempotency-key'] as string | undefined
  const { result, replayed } = await doOnce(deps, caller, given, operation, asked, make)
  if (replayed) void reply.header('idempotency-replayed', 'true')
  return result
}

/**
 * The same for a key that comes in another place than a header, or from a visitor.
 *
 * @param visitor who that is, by what they ask for
 */
export async function doOnce<Result>(
  { database, now, keysInFlight }: Deps & { keysInFlight: KeysInFlight },
  caller: Caller,
  given: string | undefined,
  operation: string,
  asked: unknown,
  make: (keep: Keep<unknown> | undefined, key: IdempotencyKey | undefined) => Promise<Result>,
  visitor?: string,
): Promise<{ result: Result; replayed: boolean }> {
  const key = idempotencyKey(given, caller, operation, asked, visitor)
  return once(database, keysInFlight, key, () => make(keepUnder(key, now), key))
}
