import { createHash, randomBytes } from 'node:crypto'
import { inTransaction } from '../../db/transaction.ts'
import type { Tx } from '../../db/database.ts'
import type { Deps } from '../../deps.ts'
import type { Caller } from '../../lib/caller.ts'
import { DomainError } from '../../lib/errors.ts'
import { addSeconds, toTimestamp } from '../../lib/time.ts'
import { record } from '../audit/record.ts'
import { putInOutbox } from '../outbox/put.ts'
import { areAlike, fileName, filesOf, inOrder, type Image, type ImageFile } from './image.ts'
import { insertImage, listImages } from './images.sql.ts'
import { lockForImages } from './lock-for-images.ts'
import type { Rendition } from './picture.ts'
import { remove_image_files } from './remove-image-files.ts'

const images_max = 10
/** An upload that has not come to its end by the first is given up, long before the second clears up after it. */
const upload_s_max = 30 * 60
const sweep_s = 60 * 60

/** `images`: all of the event, in order, with this one among them. */
export type Added = Readonly<{ image: Image; images: readonly Image[]; isNew: boolean }>

/**
 * Keeps a picture of an event. One that the event has already is not kept twice: `isNew` is false then.
 *
 * The files come first and the row after them, so a row never names a file that is not there. Each upload has names of
 * its own: what is in a file, and then the upload. So a file belongs to one row or to none, and removing those of one
 * image can't take them from another, not even from one that is uploaded at the same moment. Before the first file, a
 * message is put into the outbox that removes in an hour what no row names: it clears up after an upload that failed or
 * died halfway, also where the answer to a commit was lost, and nobody knows at first what became of it.
 *
 * @throws DomainError `event_not_found`, `not_own_event`, `too_many_images`, `files_unavailable`, `server_busy`
 */
export async function addImage(
  deps: Deps,
  caller: Caller,
  event_id: number,
  renditions: readonly Rendition[],
  alt: string,
): Promise<Added> {
  const begun = toTimestamp(deps.now())
  const upload = randomBytes(8).toString('hex')
  const files = renditions.map(({ size, bytes, width, height }): ImageFile => {
    const hash = createHash('sha256').update(bytes).digest('hex')
    return { size, name: fileName(hash, upload), width, height, bytes: bytes.length }
  })

  const before = await inTransaction(deps.database, async (tx) => {
    await lockForImages(tx, deps, caller, event_id)
    const known = await findAlike(tx, event_id, files)
    if (known) return known
    await putInOutbox(tx, {
      kind: remove_image_files,
      key: `upload ${upload}`,
      payload: { event_id, names: files.map(({ name }) => name) },
      at: begun,
      run_at: addSeconds(begun, sweep_s),
    })
    return undefined
  })
  if (before) return before

  // A small picture is the same in all sizes.
  const contents = new Map(files.map(({ name }, index) => [name, renditions[index]!.bytes]))
  await Promise.all([...contents].map(([name, bytes]) => deps.files.put(name, bytes, 'image/jpeg')))

  return inTransaction(deps.database, async (tx) => {
    const { organizer_id } = await lockForImages(tx, deps, caller, event_id)
    const known = await findAlike(tx, event_id, files)
    if (known) return known
    const at = toTimestamp(deps.now())
    if (at > addSeconds(begun, upload_s_max)) throw new DomainError('server_busy')
    const last = inOrder(await listImages(tx, event_id)).at(-1)
    const position = (last?.position ?? 0) + 1
    const id = await insertImage(tx, { event_id, position, alt, files: JSON.stringify(files), created_at: at })
    await record(tx, caller, at, {
      action: 'event_image_added',
      entity: 'event',
      entity_id: event_id,
      organizer_id,
      became: { image_id: id, alt },
    })
    const images = inOrder(await listImages(tx, event_id))
    return { image: images.find((image) => image.id === id)!, images, isNew: true }
  })
}

/**
 * The image of this event that shows the same, if there is one.
 *
 * @throws DomainError `too_many_images` if there is none, and no room for one more
 */
async function findAlike(tx: Tx, event_id: number, files: readonly ImageFile[]): Promise<Added | undefined> {
  const images = inOrder(await listImages(tx, event_id))
  const image = images.find((one) => areAlike(filesOf(one), files))
  if (image) return { image, images, isNew: false }
  if (images.length >= images_max) throw new DomainError('too_many_images')
  return undefined
}
