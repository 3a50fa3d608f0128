import { inTransaction } from '../../db/transaction.ts'
import type { Tx } from '../../db/database.ts'
import type { Deps } from '../../deps.ts'
import type { Caller } from '../../lib/caller.ts'
import { DomainError } from '../../lib/errors.ts'
import { toTimestamp } from '../../lib/time.ts'
import { difference, record } from '../audit/record.ts'
import { putInOutbox } from '../outbox/put.ts'
import { filesOf, inOrder, type Image } from './image.ts'
import { deleteImage, listImages, updateImage } from './images.sql.ts'
import { lockForImages } from './lock-for-images.ts'
import { remove_image_files } from './remove-image-files.ts'

/** What is left out stays. `position` counts from 1; beyond the last it is the last. */
export type ImageChange = { alt?: string | undefined; position?: number | undefined }

/**
 * Changes the words on an image, or its place among the others, which make way. Returns all of the event, in order.
 *
 * @throws DomainError `event_not_found`, `not_own_event`, `image_not_found`
 */
export async function changeImage(
  deps: Deps,
  caller: Caller,
  eventId: number,
  id: number,
  { alt, position }: ImageChange,
): Promise<Image[]> {
  const at = toTimestamp(deps.now())
  return inTransaction(deps.database, async (tx) => {
    const { organizer_id } = await lockForImages(tx, deps, caller, eventId)
    const images = inOrder(await listImages(tx, eventId))
    const image = among(images, id)
    const others = images.filter((one) => one !== image)
    const changed = { ...image, alt: alt ?? image.alt }
    const ordered = others.toSpliced(position === undefined ? images.indexOf(image) : position - 1, 0, changed)
    const after = ordered.map((one, index) => Object.assign({}, one, { position: index + 1 }))
    for (const { id, alt, position } of after) await updateImage(tx, id, { alt, position })
    await record(tx, caller, at, {
      action: 'event_image_changed',
      entity: 'event',
      entity_id: eventId,
      organizer_id,
      ...difference(image, among(after, id), ['alt', 'position']),
    })
    return after
  })
}

/**
 * Removes an image. Its files go a moment later, when that is sure; who has seen them may keep them for long.
 *
 * @throws DomainError `event_not_found`, `not_own_event`, `image_not_found`
 */
export async function removeImage(deps: Deps, caller: Caller, event_id: number, id: number): Promise<void> {
  const at = toTimestamp(deps.now())
  await inTransaction(deps.database, async (tx: Tx) => {
    const { organizer_id } = await lockForImages(tx, deps, caller, event_id)
    const image = among(await listImages(tx, event_id), id)
    await deleteImage(tx, id)
    const names = filesOf(image).map(({ name }) => name)
    await putInOutbox(tx, { kind: remove_image_files, key: `image ${id}`, payload: { event_id, names }, at })
    await record(tx, caller, at, {
      action: 'event_image_removed',
      entity: 'event',
      entity_id: event_id,
      organizer_id,
      was: { image_id: id, alt: image.alt },
    })
  })
  deps.wake()
}

function among(images: readonly Image[], id: number): Image {
  const image = images.find((one) => one.id === id)
  if (!image) throw new DomainError('image_not_found')
  return image
}
