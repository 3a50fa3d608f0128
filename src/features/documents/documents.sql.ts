import type { Selectable } from 'kysely'
import type { Db } from '../../db/database.ts'
import type { EventImageTable } from '../../db/schema.ts'

/** The picture that stands on an event's tickets. */
export async function findFirstImage(db: Db, eventId: number): Promise<Selectable<EventImageTable> | undefined> {
  return db
    .selectFrom('event_image')
    .selectAll()
    .where('event_id', '=', eventId)
    .orderBy('position')
    .orderBy('id')
    .limit(1)
    .executeTakeFirst()
}
