import { inTransaction } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import { seesAll, type Caller, type Scope } from '../../lib/caller.ts'
import { DomainError } from '../../lib/errors.ts'
import { toTimestamp } from '../../lib/time.ts'
import { record } from '../audit/record.ts'
import type { Keep } from '../idempotency/idempotency.ts'
import type { Accounts } from './accounts.ts'
import { findApiKey, insertApiKey, listApiKeys, revokeApiKey, type ApiKey } from './accounts.sql.ts'
import { hashOf, key_prefix, newSecret } from './tokens.ts'

const keys_max = 50
const shown_length = key_prefix.length + 4

/**
 * Makes a key for an integration of the caller's. The secret is in this answer and nowhere else: under an
 * Idempotency-Key, only the key itself is kept.
 *
 * @throws DomainError `forbidden` where there are no accounts, `too_many_api_keys`
 */
export async function createApiKey(
  deps: Deps,
  caller: Caller,
  { name, scopes }: { name: string; scopes: readonly Scope[] },
  keep?: Keep<ApiKey>,
): Promise<{ key: ApiKey; secret: string }> {
  const owner_id = caller.user_id
  if (owner_id === undefined) throw new DomainError('forbidden')
  const secret = newSecret(key_prefix)
  const at = toTimestamp(deps.now())
  const key = await inTransaction(deps.database, async (tx) => {
    if ((await listApiKeys(tx, owner_id)).length >= keys_max) throw new DomainError('too_many_api_keys')
    const id = await insertApiKey(tx, {
      owner_id,
      name,
      prefix: secret.slice(0, shown_length),
      key_hash: hashOf(secret),
      scopes: scopes.join(' '),
      created_at: at,
      revoked_at: null,
    })
    await record(tx, caller, at, {
      action: 'api_key_created',
      entity: 'api_key',
      entity_id: id,
      organizer_id: owner_id,
      became: { name, scopes },
    })
    const made = (await findApiKey(tx, id))!
    await keep?.(tx, made)
    return made
  })
  return { key, secret }
}

/**
 * Ends a key at once.
 *
 * @throws DomainError `api_key_not_found`
 */
export async function removeApiKey(deps: Deps, { identities }: Accounts, caller: Caller, id: number): Promise<void> {
  const at = toTimestamp(deps.now())
  const owner = await inTransaction(deps.database, async (tx) => {
    const key = await findApiKey(tx, id)
    const isTheirs = key && (seesAll(caller) || key.owner_id === caller.user_id)
    if (!isTheirs || !(await revokeApiKey(tx, id, at))) throw new DomainError('api_key_not_found')
    await record(tx, caller, at, {
      action: 'api_key_revoked',
      entity: 'api_key',
      entity_id: id,
      organizer_id: key.owner_id,
    })
    return key.owner_id
  })
  identities.forget(owner)
}
