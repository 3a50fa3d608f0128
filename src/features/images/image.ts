import type { Selectable } from 'kysely'
import type { EventImageTable } from '../../db/schema.ts'
import type { Size } from './picture.ts'

export type Image = Selectable<EventImageTable>

/** One of an image's three files; `bytes` is how long it is. */
export type ImageFile = Readonly<{ size: Size; name: string; width: number; height: number; bytes: number }>

/** Small to large. */
export const filesOf = ({ files }: Pick<Image, 'files'>): ImageFile[] => JSON.parse(files) as ImageFile[]

/** The first one is on tickets and in mails. There are few: see `images_max`. */
export function inOrder(images: readonly Image[]): Image[] {
  return images.toSorted((one, other) => one.position - other.position || one.id - other.id)
}

/** Half a SHA-256, and what the upload is called. */
export const fileName = (hash: string, upload: string): string => `${hash.slice(0, hash_length)}-${upload}.jpg`

const hash_length = 32
const name_pattern = /^[0-9a-f]{32}-[0-9a-f]{16}\.jpg$/

/** Whether this could be the name of a picture's file, and of nothing else in the world. */
export const isFileName = (name: string): boolean => name_pattern.test(name)

/** Whether two images show the same, whenever they were uploaded. */
export function areAlike(one: readonly ImageFile[], other: readonly ImageFile[]): boolean {
  const hashes = (files: readonly ImageFile[]) => files.map(({ name }) => name.slice(0, hash_length)).join()
  return hashes(one) === hashes(other)
}
