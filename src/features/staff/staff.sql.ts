import type { Db, Tx } from '../../db/database.ts'
import type { Listing } from '../../db/page-query.ts'
import type { Timestamp } from '../../lib/time.ts'

export type StaffMember = { user_id: number; name: string; email: string; created_at: Timestamp }

const staff = (db: Db) =>
  db
    .selectFrom('event_staff')
    .innerJoin('user', 'user.id', 'event_staff.user_id')
    .select(['event_staff.user_id', 'user.name', 'user.email', 'event_staff.created_at'])
    .where('user.deleted_at', 'is', null)

/** Who works at this event. */
export function listStaff(eventId: number): Listing<StaffMember> {
  return {
    name: `staff ${eventId}`,
    order: { columns: [{ column: 'event_staff.user_id', field: 'user_id' }] },
    select: (db) => staff(db).where('event_staff.event_id', '=', eventId),
  }
}

export async function findStaffMember(db: Db, eventId: number, userId: number): Promise<StaffMember | undefined> {
  return staff(db)
    .where('event_staff.event_id', '=', eventId)
    .where('event_staff.user_id', '=', userId)
    .executeTakeFirst()
}

export async function insertStaffMember(tx: Tx, event_id: number, user_id: number, at: Timestamp): Promise<void> {
  await tx.insertInto('event_staff').values({ event_id, user_id, created_at: at }).execute()
}

/** False if this one does not work at this event. */
export async function deleteStaffMember(tx: Tx, eventId: number, userId: number): Promise<boolean> {
  const { numDeletedRows } = await tx
    .deleteFrom('event_staff')
    .where('event_id', '=', eventId)
    .where('user_id', '=', userId)
    .executeTakeFirst()
  return numDeletedRows === 1n
}
