import type { Tx } from '../../db/database.ts'
import type { BookedItem } from './booking.ts'

const erased = 'Erased'

/**
 * Takes the holders' names off the tickets that this customer has booked, and off what they have yet to pay. A ticket
 * that was handed over has a holder of its own, who keeps it.
 */
export async function eraseHolders(tx: Tx, customerId: number): Promise<void> {
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
