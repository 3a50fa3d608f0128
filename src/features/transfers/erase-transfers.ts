import type { Tx } from '../../db/database.ts'
import type { Timestamp } from '../../lib/time.ts'

/**
 * Takes the addresses off the offers that this customer has made, and withdraws what is open of them. What was accepted
 * is its holder's: their address stands on the ticket.
 */
export async function eraseTransfers(tx: Tx, customerId: number, at: Timestamp): Promise<void> {
  const made = tx.updateTable('ticket_transfer').where('customer_id', '=', customerId).where('ticket_version', '=', 1)
  await made.set({ status: 'withdrawn', updated_at: at }).where('status', '=', 'offered').execute()
  await made.set({ email: 'erased@invalid' }).execute()
}
