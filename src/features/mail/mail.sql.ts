import type { Insertable, Selectable, Updateable } from 'kysely'
import type { Db, Tx } from '../../db/database.ts'
import type { Dialect } from '../../db/dialect.ts'
import { leavingWhatIsThere } from '../../db/insert-once.ts'
import { byId, type Listing } from '../../db/page-query.ts'
import { readByIds } from '../../db/read-by-ids.ts'
import type { MailTable } from '../../db/schema.ts'
import type { Language } from '../../lib/language.ts'
import type { Timestamp } from '../../lib/time.ts'
import type { MailedBooking } from './mail-bookings.ts'

export type MailRow = Selectable<MailTable>

/** One that is there already is left as it is. */
export async function insertMails(tx: Tx, mails: readonly Insertable<MailTable>[]): Promise<void> {
  await leavingWhatIsThere(tx, tx.insertInto('mail').values(mails)).execute()
}

export async function findMail(db: Db, id: number): Promise<MailRow | undefined> {
  return db.selectFrom('mail').selectAll().where('id', '=', id).executeTakeFirst()
}

/** Those of these mails that exist, in any order: what they are about, and nothing of what they say. */
export const listMailsByIds = readByIds((db, ids: readonly number[]) =>
  db
    .selectFrom('mail')
    .select(['id', 'kind', 'user_id', 'event_id', 'booking_id', 'ticket_id', 'created_at'])
    .where('id', 'in', ids),
)

/** One that is over stays as it is. */
export async function updateMail(tx: Tx, id: number, change: Updateable<MailTable>): Promise<void> {
  await tx.updateTable('mail').set(change).where('id', '=', id).where('status', '=', 'waiting').execute()
}

/** By their keys, in any order: those that have yet to be sent. */
export async function listWaitingByKeys(db: Db, keys: readonly string[]): Promise<Pick<MailRow, 'id' | 'dedup_key'>[]> {
  return db
    .selectFrom('mail')
    .select(['id', 'dedup_key'])
    .where('dedup_key', 'in', keys)
    .where('status', '=', 'waiting')
    .execute()
}

/** Those of these bookings that are paid or wait to be, of customers who are still there. */
export async function listBookingsToMail(db: Db, ids: readonly number[]) {
  return db
    .selectFrom('booking')
    .innerJoin('user', 'user.id', 'booking.customer_id')
    .select([
      'booking.id',
      'booking.customer_id',
      'booking.event_id',
      'booking.organizer_id',
      'booking.status',
      'booking.created_at',
    ])
    .where('booking.id', 'in', ids)
    .where('booking.status', 'in', ['success', 'pending'])
    .where('booking.deleted_at', 'is', null)
    .where('user.deleted_at', 'is', null)
    .execute()
}

/** An event's bookings that have tickets, by id; `gone_at` says since when its customer is deleted. */
export async function listGuestBookings(
  db: Db,
  eventId: number,
  after: number,
  limit: number,
): Promise<(MailedBooking & { gone_at: Timestamp | null })[]> {
  return db
    .selectFrom('booking')
    .innerJoin('user', 'user.id', 'booking.customer_id')
    .select([
      'booking.id',
      'booking.customer_id',
      'booking.event_id',
      'booking.organizer_id',
      'user.deleted_at as gone_at',
    ])
    .where('booking.event_id', '=', eventId)
    .where('booking.id', '>', after)
    .where('booking.status', 'in', ['success', 'partially_refunded'])
    .where('booking.deleted_at', 'is', null)
    .orderBy('booking.id')
    .limit(limit)
    .execute()
}

/** The good tickets of these bookings that somebody else holds. */
export async function listHandedOver(db: Db, bookingIds: readonly number[]) {
  const rows = await db
    .selectFrom('ticket')
    .select(['id', 'booking_id', 'organizer_id', 'version', 'holder_email', 'holder_language'])
    .where('booking_id', 'in', bookingIds)
    .where('holder_email', 'is not', null)
    .where('status', '!=', 'void')
    .execute()
  return rows as ((typeof rows)[number] & { holder_email: string; holder_language: Language })[]
}

/** When the guests of some event are to be reminded next, or should have been. */
export async function findNextReminder(db: Db): Promise<Timestamp | undefined> {
  const next = await db
    .selectFrom('event')
    .select('remind_at')
    .where('remind_at', 'is not', null)
    .orderBy('remind_at')
    .limit(1)
    .executeTakeFirst()
  return next?.remind_at ?? undefined
}

/** Events whose guests are to be reminded, longest due first. */
export async function listDueReminders(db: Db, at: Timestamp, limit: number): Promise<{ id: number }[]> {
  return db.selectFrom('event').select('id').where('remind_at', '<=', at).orderBy('remind_at').limit(limit).execute()
}

/** A mail as it is shown; `address` is null if its recipient is gone. */
export type ShownMail = Pick<
  MailRow,
  | 'id'
  | 'kind'
  | 'status'
  | 'event_id'
  | 'booking_id'
  | 'ticket_id'
  | 'attempts'
  | 'last_error'
  | 'sent_at'
  | 'created_at'
> & { address: string | null }

const shown = (db: Db) =>
  db
    .selectFrom('mail')
    .leftJoin('user', (join) => join.onRef('user.id', '=', 'mail.user_id').on('user.deleted_at', 'is', null))
    .select(({ fn }) => [
      'mail.id',
      'mail.kind',
      'mail.status',
      'mail.event_id',
      'mail.booking_id',
      'mail.ticket_id',
      'mail.attempts',
      'mail.last_error',
      'mail.sent_at',
      'mail.created_at',
      fn.coalesce('mail.email', 'user.email').as('address'),
    ])

export type MailFilter = {
  organizer_id?: number | undefined
  event_id?: number | undefined
  booking_id?: number | undefined
  status?: MailRow['status'] | undefined
  kind?: MailRow['kind'] | undefined
}

/** Latest first. */
export function listMails(filter: MailFilter): Listing<ShownMail> {
  const { organizer_id, event_id, booking_id, status, kind } = filter
  return {
    name: `mails ${organizer_id ?? ''} ${event_id ?? ''} ${booking_id ?? ''} ${status ?? ''} ${kind ?? ''}`,
    order: { ...byId('mail'), descending: true },
    select: (db) =>
      shown(db)
        .$if(organizer_id !== undefined, (query) => query.where('mail.organizer_id', '=', organizer_id!))
        .$if(event_id !== undefined, (query) => query.where('mail.event_id', '=', event_id!))
        .$if(booking_id !== undefined, (query) => query.where('mail.booking_id', '=', booking_id!))
        .$if(status !== undefined, (query) => query.where('mail.status', '=', status!))
        .$if(kind !== undefined, (query) => query.where('mail.kind', '=', kind!)),
  }
}

export async function findShownMail(db: Db, id: number): Promise<ShownMail | undefined> {
  return shown(db).where('mail.id', '=', id).executeTakeFirst()
}

export async function lockMail(tx: Tx, { locksRows }: Dialect, id: number): Promise<MailRow | undefined> {
  return tx
    .selectFrom('mail')
    .selectAll()
    .where('id', '=', id)
    .$if(locksRows, (query) => query.forUpdate())
    .executeTakeFirst()
}

export async function setWaiting(tx: Tx, id: number, at: Timestamp): Promise<void> {
  await tx.updateTable('mail').set({ status: 'waiting', attempts: 0, updated_at: at }).where('id', '=', id).execute()
}

/** Forgets mails from before this moment that wait for nothing more, a bounded number of them; returns how many. */
export async function deleteOldMails(tx: Tx, before: Timestamp, limit: number): Promise<number> {
  const old = await tx
    .selectFrom('mail')
    .select('id')
    .where('created_at', '<', before)
    .where('status', 'in', ['sent', 'dropped', 'failed'])
    .orderBy('created_at')
    .limit(limit)
    .execute()
  if (old.length === 0) return 0
  const ids = old.map(({ id }) => id)
  const { numDeletedRows } = await tx.deleteFrom('mail').where('id', 'in', ids).executeTakeFirst()
  return Number(numDeletedRows)
}
