import type { Tx } from '../../db/database.ts'
import type { Dialect } from '../../db/dialect.ts'
import type { BookedItem } from './booking.ts'
import { lockUnpaidBookings } from './bookings.sql.ts'

const erased = 'Erased'

/**
 * Takes the holders' names off the tickets that this customer has booked, and off what they have yet to pay. A ticket
 * that was handed over has a holder of its own, who keeps it.
 *
 * A payment that is confirmed at this moment makes tickets of the names in its hold, with the booking locked. So the
 * bookings are locked first: the names are on tickets by then, or are erased before they get there. The customer was locked
 * before, so that no booking comes meanwhile; elsewhere bookings come first, and who meets in a deadlock tries again.
 */
export async function eraseHolders(tx: Tx, dialect: Dialect, customerId: number): Promise<void> {
  await lockUnpaidBookings(tx, dialect, customerId)
  await tx
    .updateTable('ticket')
    .set({ holder_name: erased })
    .where('customer_id', '=', customerId)
    .where('holder_email', 'is', null)
    .execute()
  const holds = await tx
    .selectFrom('hold')
    .innerJoin('booking', 'booking.id', 'hold.booking_id')
    .select(['hold.booking_id', 'hold.items'])
    .where('booking.customer_id', '=', customerId)
    .execute()
  for (const { booking_id, items } of holds) {
    const nameless = (JSON.parse(items) as BookedItem[]).map(({ ticket_type_id, price, holder_names }) => ({
      ticket_type_id,
      price,
      holder_names: holder_names.map(() => erased),
    }))
    await tx
      .updateTable('hold')
      .set({ items: JSON.stringify(nameless) })
      .where('booking_id', '=', booking_id)
      .execute()
  }
}
