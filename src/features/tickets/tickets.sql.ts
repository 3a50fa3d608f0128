import type { Selectable } from 'kysely'
import type { Db } from '../../db/database.ts'
import type { TicketTable } from '../../db/schema.ts'
import type { Page } from '../../lib/page.ts'

export type Ticket = Selectable<TicketTable>

export async function findTicket(db: Db, id: number): Promise<Ticket | undefined> {
  return db.selectFrom('ticket').selectAll().where('id', '=', id).executeTakeFirst()
}

/** One row more than the page holds, if there is one. */
export async function listTickets(db: Db, { page, limit }: Page): Promise<Ticket[]> {
  return db
    .selectFrom('ticket')
    .selectAll()
    .orderBy('id')
    .limit(limit + 1)
    .offset((page - 1) * limit)
    .execute()
}

/** All tickets of a booking; there are as many as its quantity, 1,000 at most. */
export async function listTicketsByBooking(db: Db, bookingId: number): Promise<Ticket[]> {
  return db.selectFrom('ticket').selectAll().where('booking_id', '=', bookingId).orderBy('id').execute()
}
