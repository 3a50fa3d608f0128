import type { Selectable } from 'kysely'
import type { Db } from '../../db/database.ts'
import { firstKey } from '../../db/first-key.ts'
import type { TicketTable } from '../../db/schema.ts'
import type { PageStart } from '../../lib/page.ts'

export type Ticket = Selectable<TicketTable>

/** Those of these tickets that exist, in any order. */
export async function listTicketsByIds(db: Db, ids: readonly number[]): Promise<Ticket[]> {
  return db.selectFrom('ticket').selectAll().where('id', 'in', ids).execute()
}

/** One row more than the page holds, if there is one. */
export async function listTickets(db: Db, start: PageStart, limit: number): Promise<Ticket[]> {
  const after = await firstKey(db, 'ticket', start)
  if (after === undefined) return []
  return db
    .selectFrom('ticket')
    .selectAll()
    .where('id', '>', after)
    .orderBy('id')
    .limit(limit + 1)
    .execute()
}

/** All tickets of a booking; there are as many as its quantity, 1,000 at most. */
export async function listTicketsByBooking(db: Db, bookingId: number): Promise<Ticket[]> {
  return db.selectFrom('ticket').selectAll().where('booking_id', '=', bookingId).orderBy('id').execute()
}
