import { inTransaction } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import { seesAll, type Caller } from '../../lib/caller.ts'
import { DomainError } from '../../lib/errors.ts'
import { toTimestamp } from '../../lib/time.ts'
import { record } from '../audit/record.ts'
import type { Keep } from '../idempotency/idempotency.ts'
import { putInOutbox } from '../outbox/put.ts'
import { findShownMail, lockMail, setWaiting, type ShownMail } from './mail.sql.ts'

/**
 * Sends a mail once more, whatever became of it: to the address that its recipient has now.
 *
 * @throws DomainError `mail_not_found`, `mail_waiting`
 */
export async function retryMail(deps: Deps, caller: Caller, id: number, keep?: Keep<ShownMail>): Promise<ShownMail> {
  const at = toTimestamp(deps.now())
  const retried = await inTransaction(deps.database, async (tx) => {
    const mail = await lockMail(tx, deps.database.dialect, id)
    const isTheirs = mail && (seesAll(caller) || (caller.role === 'organizer' && caller.user_id === mail.organizer_id))
    if (!isTheirs) throw new DomainError('mail_not_found')
    if (mail.status === 'waiting') throw new DomainError('mail_waiting')
    const { kind, status, organizer_id } = mail
    await setWaiting(tx, id, at)
    // A key of its own: the message that sent it before may lie there dead.
    await putInOutbox(tx, { kind: 'send_mail', key: `mail ${id} again ${at}`, payload: { mail_id: id }, at })
    await record(tx, caller, at, {
      action: 'mail_retried',
      entity: 'mail',
      entity_id: id,
      organizer_id,
      was: { kind, status },
    })
    const found = (await findShownMail(tx, id))!
    await keep?.(tx, found)
    return found
  })
  deps.wake()
  return retried
}
