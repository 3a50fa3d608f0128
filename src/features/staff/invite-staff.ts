import { randomBytes } from 'node:crypto'
import type { Tx } from '../../db/database.ts'
import { inTransaction } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import { isOrganizerOf, type Caller } from '../../lib/caller.ts'
import { DomainError } from '../../lib/errors.ts'
import type { Language } from '../../lib/language.ts'
import { toTimestamp } from '../../lib/time.ts'
import type { Accounts } from '../accounts/accounts.ts'
import { record } from '../audit/record.ts'
import type { Event } from '../events/event.ts'
import { findEventLocked } from '../events/events.sql.ts'
import type { Keep } from '../idempotency/idempotency.ts'
import { putMail } from '../mail/put-mail.ts'
import { addUser } from '../users/register-user.ts'
import { findUserByEmail } from '../users/users.sql.ts'
import { deleteStaffMember, findStaffMember, insertStaffMember, type StaffMember } from './staff.sql.ts'

/**
 * Lets somebody look up and use the tickets of one event. Who has no account yet gets one that can do nothing else,
 * and is mailed a link to choose its password.
 *
 * @throws DomainError `event_not_found`, `not_own_event`, `staff_role_taken` if the email belongs to an account of
 *   another kind
 */
export async function inviteStaff(
  deps: Deps,
  { identities }: Accounts,
  caller: Caller,
  eventId: number,
  { email, name, language }: { email: string; name: string; language?: Language },
  keep?: Keep<StaffMember>,
): Promise<StaffMember> {
  // Of a password that nobody knows: the account opens by the link alone.
  const password_hash = await deps.hashPassword(randomBytes(32).toString('base64url'))
  const at = toTimestamp(deps.now())
  const member = await inTransaction(deps.database, async (tx) => {
    const { organizer_id } = await ownEvent(tx, deps, caller, eventId)
    const known = await findUserByEmail(tx, email)
    if (known && known.role !== 'staff') throw new DomainError('staff_role_taken')
    const user = known ?? (await addUser(tx, deps, caller, { name, email, role: 'staff', language, password_hash }))
    const before = await findStaffMember(tx, eventId, user.id)
    if (!before) {
      await insertStaffMember(tx, eventId, user.id, at)
      await record(tx, caller, at, {
        action: 'staff_invited',
        entity: 'event_staff',
        entity_id: eventId,
        organizer_id,
        became: { user_id: user.id },
      })
    }
    if (!known) {
      const mail = { kind: 'staff_invitation', key: `user ${user.id} invited`, details: {}, at } as const
      await putMail(tx, { ...mail, to: { user_id: user.id }, organizer_id, event_id: eventId })
    }
    const found = before ?? (await findStaffMember(tx, eventId, user.id))!
    await keep?.(tx, found)
    return found
  })
  identities.forget(member.user_id)
  deps.wake()
  return member
}

/**
 * Takes the right to an event's tickets away, at once.
 *
 * @throws DomainError `event_not_found`, `not_own_event`, `staff_not_found`
 */
export async function removeStaff(
  deps: Deps,
  { identities }: Accounts,
  caller: Caller,
  eventId: number,
  userId: number,
): Promise<void> {
  const at = toTimestamp(deps.now())
  await inTransaction(deps.database, async (tx) => {
    const { organizer_id } = await ownEvent(tx, deps, caller, eventId)
    if (!(await deleteStaffMember(tx, eventId, userId))) throw new DomainError('staff_not_found')
    await record(tx, caller, at, {
      action: 'staff_removed',
      entity: 'event_staff',
      entity_id: eventId,
      organizer_id,
      was: { user_id: userId },
    })
  })
  identities.forget(userId)
}

/** Locked, so that two invitations to one event follow one another. */
async function ownEvent(tx: Tx, deps: Deps, caller: Caller, id: number): Promise<Event> {
  const event = await findEventLocked(tx, deps.database.dialect, id)
  if (!event || event.deleted_at) throw new DomainError('event_not_found')
  if (!isOrganizerOf(caller, event.organizer_id)) throw new DomainError('not_own_event')
  return event
}
