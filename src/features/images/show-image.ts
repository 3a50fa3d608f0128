import type { Deps } from '../../deps.ts'
import { filesOf, type Image, type ImageFile } from './image.ts'
import type { Size } from './picture.ts'

/** Where a file of a picture is served, by its place on a server. */
export const imagePath = (name: string): string => `/images/${name}`

/** An image as the API shows it, at its place among those of its event, which are given in order. */
export function showImage({ publicUrl }: Pick<Deps, 'publicUrl'>, image: Image, images: readonly Image[]) {
  const show = ({ name, width, height, bytes }: ImageFile) => ({
    url: `${publicUrl()}${imagePath(name)}`,
    width,
    height,
    bytes,
  })
  const files = Object.fromEntries(filesOf(image).map((file) => [file.size, show(file)]))
  return {
    id: image.id,
    position: images.findIndex(({ id }) => id === image.id) + 1,
    alt: image.alt,
    files: files as Record<Size, ReturnType<typeof show>>,
  }
}
