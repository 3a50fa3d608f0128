import { inTransaction } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import type { Caller } from '../../lib/caller.ts'
import { DomainError } from '../../lib/errors.ts'
import { toTimestamp } from '../../lib/time.ts'
import { record } from '../audit/record.ts'
import type { Keep } from '../idempotency/idempotency.ts'
import { findMessage, findMessageLocked, updateMessage, type OutboxMessage } from './outbox.sql.ts'

/**
 * Gives a dead message all its attempts again, the first one at once.
 *
 * @throws DomainError `outbox_message_not_found`, also if it is not dead
 */
export async function retryMessage(
  deps: Deps,
  caller: Caller,
  id: number,
  keep?: Keep<OutboxMessage>,
): Promise<OutboxMessage> {
  const { database } = deps
  const at = toTimestamp(deps.now())
  const revived = await inTransaction(database, async (tx) => {
    const message = await findMessageLocked(tx, database.dialect, id)
    if (!message?.dead_at) throw new DomainError('outbox_message_not_found')
    const { kind, key, attempts } = message
    await updateMessage(tx, id, { run_at: at, dead_at: null, attempts: 0 })
    await record(tx, caller, at, {
      action: 'outbox_message_retried',
      entity: 'outbox_message',
      entity_id: id,
      was: { kind, key, attempts },
    })
    const found = (await findMessage(tx, id))!
    await keep?.(tx, found)
    return found
  })
  deps.wake()
  return revived
}
