import type { Tx } from '../../db/database.ts'

const bookings_at_once = 500

/** Takes the holders' names off the tickets that this customer has booked. */
export async function eraseHolders(tx: Tx, customerId: number): Promise<void> {
  let after = 0
  for (;;) {
    const bookings = await tx
      .selectFrom('booking')
      .select('id')
      .where('customer_id', '=', customerId)
      .where('id', '>', after)
      .orderBy('id')
      .limit(bookings_at_once)
      .execute()
    const last = bookings.at(-1)
    if (!last) return
    const ids = bookings.map(({ id }) => id)
    await tx.updateTable('ticket').set({ holder_name: 'Erased' }).where('booking_id', 'in', ids).execute()
    after = last.id
  }
}
