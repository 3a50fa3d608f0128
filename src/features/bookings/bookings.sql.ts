import type { Insertable } from 'kysely'
import type { Db, Tx } from '../../db/database.ts'
import type { BookingTable } from '../../db/schema.ts'
import type { Page } from '../../lib/page.ts'
import type { Booking } from './booking.ts'

export async function findBooking(db: Db, id: number): Promise<Booking | undefined> {
  return db.selectFrom('booking').selectAll().where('id', '=', id).executeTakeFirst()
}

/** One row more than the page holds, if there is one. */
export async function listBookings(db: Db, { page, limit }: Page): Promise<Booking[]> {
  return db
    .selectFrom('booking')
    .selectAll()
    .orderBy('id')
    .limit(limit + 1)
    .offset((page - 1) * limit)
    .execute()
}

export async function insertBooking(tx: Tx, booking: Insertable<BookingTable>): Promise<number> {
  const { insertId } = await tx.insertInto('booking').values(booking).executeTakeFirstOrThrow()
  return Number(insertId)
}
