import type { Tx } from '../../db/database.ts'
import type { Timestamp } from '../../lib/time.ts'

/** Ends the wait for the reminder of an event's guests: whether it was still due. No change of the event: its version stays. */
export async function endReminder(tx: Tx, eventId: number, at: Timestamp): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('event')
    .set({ remind_at: null })
    .where('id', '=', eventId)
    .where('remind_at', '<=', at)
    .executeTakeFirst()
  return numUpdatedRows > 0n
}
