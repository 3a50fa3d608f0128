import type { Insertable, Updateable } from 'kysely'
import type { Db, Tx } from '../../db/database.ts'
import type { EventImageTable } from '../../db/schema.ts'
import type { Image } from './image.ts'

/** Those of an event, in any order; there are few: see `images_max`. */
export async function listImages(db: Db, eventId: number): Promise<Image[]> {
  return db.selectFrom('event_image').selectAll().where('event_id', '=', eventId).execute()
}

/** The same for several events. */
export async function listImagesOfEvents(db: Db, eventIds: readonly number[]): Promise<Image[]> {
  return db.selectFrom('event_image').selectAll().where('event_id', 'in', eventIds).execute()
}

/** To be called with its event locked, as all that writes here. */
export async function insertImage(tx: Tx, image: Insertable<EventImageTable>): Promise<number> {
  const { insertId } = await tx.insertInto('event_image').values(image).executeTakeFirstOrThrow()
  return Number(insertId)
}

export async function updateImage(tx: Tx, id: number, change: Updateable<EventImageTable>): Promise<void> {
  await tx.updateTable('event_image').set(change).where('id', '=', id).execute()
}

export async function deleteImage(tx: Tx, id: number): Promise<void> {
  await tx.deleteFrom('event_image').where('id', '=', id).execute()
}
