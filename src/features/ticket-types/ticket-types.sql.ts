import type { Insertable, Updateable } from 'kysely'
import type { Db, Tx } from '../../db/database.ts'
import { readByIds } from '../../db/read-by-ids.ts'
import type { TicketTypeTable } from '../../db/schema.ts'
import type { TicketType } from './ticket-type.ts'

export async function findTicketType(db: Db, id: number): Promise<TicketType | undefined> {
  return db
    .selectFrom('ticket_type')
    .selectAll()
    .where('id', '=', id)
    .where('deleted_at', 'is', null)
    .executeTakeFirst()
}

/** Those of an event that are not deleted; there are few: see `types_max`. */
export async function listTicketTypes(db: Db, eventId: number): Promise<TicketType[]> {
  return db
    .selectFrom('ticket_type')
    .selectAll()
    .where('event_id', '=', eventId)
    .where('deleted_at', 'is', null)
    .orderBy('id')
    .execute()
}

/** The same for several events. */
export async function listTypesOfEvents(db: Db, eventIds: readonly number[]): Promise<TicketType[]> {
  return db
    .selectFrom('ticket_type')
    .selectAll()
    .where('event_id', 'in', eventIds)
    .where('deleted_at', 'is', null)
    .execute()
}

/** These types, also those that are sold no more: their tickets are still there. */
export const listTypesByIds = readByIds<TicketType>((db, ids) =>
  db.selectFrom('ticket_type').selectAll().where('id', 'in', ids),
)

export async function insertTicketType(tx: Tx, type: Insertable<TicketTypeTable>): Promise<number> {
  const { insertId } = await tx.insertInto('ticket_type').values(type).executeTakeFirstOrThrow()
  return Number(insertId)
}

/** Counts as a change of the version. To be called with its event locked. */
export async function updateTicketType(tx: Tx, id: number, change: Updateable<TicketTypeTable>): Promise<void> {
  await tx
    .updateTable('ticket_type')
    .set(({ eb }) => ({ ...change, version: eb('version', '+', 1) }))
    .where('id', '=', id)
    .execute()
}
