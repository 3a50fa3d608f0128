import type { Tx } from '../../db/database.ts'
import type { Language } from '../../lib/language.ts'
import type { Timestamp } from '../../lib/time.ts'
import { updateTicket, type Ticket } from './tickets.sql.ts'

/**
 * Makes a ticket somebody else's: its old token and its old code admit nobody from the commit on. The ticket is locked.
 * Its seat and its booking stay as they are.
 *
 * @throws the driver's `duplicate` if the code is taken
 */
export async function handOver(
  tx: Tx,
  { id, version }: Ticket,
  to: { holder_name: string; holder_email: string; holder_language: Language; ticket_code: string },
  at: Timestamp,
): Promise<void> {
  await updateTicket(tx, id, { ...to, version: version + 1, updated_at: at })
}
