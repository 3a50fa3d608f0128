import type { Tx } from '../../db/database.ts'

/** Takes the addresses off the mails about what this customer has booked; accounts' own addresses stand with these. */
export async function eraseAddresses(tx: Tx, customerId: number): Promise<void> {
  const erased = { email: null, last_error: null }
  await tx.updateTable('mail').set(erased).where('user_id', '=', customerId).execute()
  await tx
    .updateTable('mail')
    .set(erased)
    .where('booking_id', 'in', tx.selectFrom('booking').select('id').where('customer_id', '=', customerId))
    .execute()
}
