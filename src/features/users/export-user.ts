import { reading } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import { isSelf, type Caller } from '../../lib/caller.ts'
import { DomainError } from '../../lib/errors.ts'
import { toRfc3339 } from '../../lib/time.ts'
import { showTicketInExport } from '../tickets/show-ticket.ts'
import { findUser } from './users.sql.ts'

/** Of each kind; more than any person has. An organizer's sales are theirs to list, not part of this. */
const rows_max = 10_000

/**
 * All that is stored on a person, by kind of row; never a secret, nor its hash. `complete` is false if a kind has
 * more rows than are given.
 *
 * @throws DomainError `user_not_found`
 */
export async function exportUser(deps: Deps, caller: Caller, id: number): Promise<Record<string, unknown>> {
  if (!isSelf(caller, id)) throw new DomainError('user_not_found')
  return reading(deps.database, async (db) => {
    const user = await findUser(db, id)
    if (!user) throw new DomainError('user_not_found')
    const sections = {
      bookings: await db
        .selectFrom('booking')
        .selectAll()
        .where('customer_id', '=', id)
        .orderBy('id')
        .limit(rows_max)
        .execute(),
      tickets: (
        await db
          .selectFrom('booking')
          .innerJoin('ticket', 'ticket.booking_id', 'booking.id')
          .selectAll('ticket')
          .where('booking.customer_id', '=', id)
          .orderBy('booking.id')
          .orderBy('ticket.id')
          .limit(rows_max)
          .execute()
      ).map(showTicketInExport),
      // To whom later holders gave tickets on is theirs.
      transfers: await db
        .selectFrom('ticket_transfer')
        .selectAll()
        .where('customer_id', '=', id)
        .where('ticket_version', '=', 1)
        .orderBy('id')
        .limit(rows_max)
        .execute(),
      events: await db
        .selectFrom('event')
        .selectAll()
        .where('organizer_id', '=', id)
        .orderBy('id')
        .limit(rows_max)
        .execute(),
      staff_of: await db.selectFrom('event_staff').selectAll().where('user_id', '=', id).limit(rows_max).execute(),
      sessions: await db
        .selectFrom('session')
        .select(['created_at', 'expires_at', 'ended_at'])
        .where('user_id', '=', id)
        .limit(rows_max)
        .execute(),
      api_keys: await db
        .selectFrom('api_key')
        .select(['name', 'prefix', 'scopes', 'created_at', 'revoked_at'])
        .where('owner_id', '=', id)
        .limit(rows_max)
        .execute(),
      mails: await db
        .selectFrom('mail')
        .select(['kind', 'status', 'event_id', 'booking_id', 'created_at', 'sent_at'])
        .where('user_id', '=', id)
        .orderBy('id')
        .limit(rows_max)
        .execute(),
      history: await db
        .selectFrom('audit_entry')
        .select(['at', 'action', 'entity', 'entity_id', 'request_id', 'address', 'was', 'became'])
        .where('actor_id', '=', id)
        .orderBy('id')
        .limit(rows_max)
        .execute(),
    }
    const complete = Object.values(sections).every(({ length }) => length < rows_max)
    const shown = Object.entries(sections).map(([name, rows]) => [name, rows.map(withMoments)])
    return { exported_at: deps.now().toISOString(), complete, user: withMoments(user), ...Object.fromEntries(shown) }
  })
}

/** A row with its moments as the API shows them. */
function withMoments(row: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]: [string, unknown]) => {
      const isMoment = typeof value === 'string' && /(^|_)(at|date)$/.test(name)
      return [name, isMoment ? toRfc3339(value) : value]
    }),
  )
}
