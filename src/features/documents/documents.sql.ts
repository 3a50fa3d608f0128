import type { Selectable } from 'kysely'
import type { Db } from '../../db/database.ts'
import type { EventImageTable } from '../../db/schema.ts'

/** The picture that stands on an event's tickets: the first of few, so they are put in order here. */
export async function findFirstImage(db: Db, eventId: number): Promise<Selectable<EventImageTable> | undefined> {
  const images = await db.selectFrom('event_image').selectAll().where('event_id', '=', eventId).execute()
  return images.toSorted((a, b) => a.position - b.position || a.id - b.id)[0]
}
