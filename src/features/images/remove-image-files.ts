import { reading } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import { DomainError } from '../../lib/errors.ts'
import { addSeconds, toTimestamp } from '../../lib/time.ts'
import { TryLater } from '../outbox/run-outbox.ts'
import { filesOf } from './image.ts'
import { listImages } from './images.sql.ts'

/** The kind of message: `{ event_id, names }` of the files of one upload. */
export const remove_image_files = 'remove_image_files'

const wait_s = 600

/** Removes those files that no image names. They were written for one, and no other ever gets them. */
export async function removeImageFiles(deps: Deps, payload: unknown): Promise<void> {
  const { event_id, names } = payload as { event_id: number; names: readonly string[] }
  const images = await reading(deps.database, (db) => listImages(db, event_id))
  const kept = new Set(images.flatMap((image) => filesOf(image).map(({ name }) => name)))
  try {
    await Promise.all([...new Set(names)].filter((name) => !kept.has(name)).map((name) => deps.files.remove(name)))
  } catch (error) {
    if (!(error instanceof DomainError)) throw error
    // The storage may be away for a day: no message dies of it.
    throw new TryLater(addSeconds(toTimestamp(deps.now()), wait_s))
  }
}
