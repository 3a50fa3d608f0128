import { sql } from 'kysely'
import type { Db } from '../../db/database.ts'
import { sumOf } from '../../db/sum-of.ts'
import { boundedSum } from '../../lib/money.ts'

/** The databases' drivers don't agree on what a count or a sum is. */
type Count = number | string

/** Of each type of an event, how many tickets are good, and what was asked for them. Goes through the event's tickets. */
export async function listSalesByType(db: Db, eventId: number) {
  const rows = await db
    .selectFrom('ticket')
    .select(['ticket_type_id', sql<Count>`count(*)`.as('sold'), sumOf(sql`price`).as('total')])
    .where('event_id', '=', eventId)
    .where('deleted_at', 'is', null)
    .where('status', '<>', 'void')
    .groupBy('ticket_type_id')
    .execute()
  return rows.map(({ ticket_type_id, sold, total }) => ({
    ticket_type_id,
    sold: Number(sold),
    total: boundedSum(total),
  }))
}
