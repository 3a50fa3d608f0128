import type { Tx } from '../../db/database.ts'

/** Takes the holders' names off the tickets that this customer has booked. */
export async function eraseHolders(tx: Tx, customerId: number): Promise<void> {
  await tx.updateTable('ticket').set({ holder_name: 'Erased' }).where('customer_id', '=', customerId).execute()
}
