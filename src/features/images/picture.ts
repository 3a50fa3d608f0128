import sharp from 'sharp'
import { DomainError } from '../../lib/errors.ts'

const pixels_max = 50_000_000
const side_px_min = 200
const quality = 80
/** A picture that takes longer was made to. */
const decoding_s_max = 15

/** Small to large, each by the width that it has at most. */
const sizes = [
  { size: 'small', width: 400 },
  { size: 'medium', width: 800 },
  { size: 'large', width: 1_600 },
] as const
const widest = sizes.at(-1)!.width
export type Size = (typeof sizes)[number]['size']

export type Rendition = Readonly<{ size: Size; bytes: Buffer; width: number; height: number }>

// The machine sells tickets meanwhile: one thread for each picture, and no memory kept for the next one.
sharp.concurrency(1)
sharp.cache(false)
// libvips reads dozens of formats by as many libraries; all that we take are four.
sharp.block({ operation: ['VipsForeignLoad'] })
sharp.unblock({
  operation: [
    'VipsForeignLoadJpegBuffer',
    'VipsForeignLoadPngBuffer',
    'VipsForeignLoadWebpBuffer',
    'VipsForeignLoadHeifBuffer',
  ],
})

/**
 * An uploaded picture as we keep it: JPEG in three sizes, upright, in sRGB, on white, and without a word on where and
 * when it was taken. Never larger than it came. What is not part of the picture is not in the files either.
 *
 * @throws DomainError `unsupported_image`, `image_too_large`, `image_too_small`, `image_broken`
 */
export async function encodePicture(upload: Buffer): Promise<Rendition[]> {
  if (!isSupported(upload)) throw new DomainError('unsupported_image')
  const picture = () =>
    sharp(upload, { limitInputPixels: pixels_max, sequentialRead: true, failOn: 'error' }).timeout({
      seconds: decoding_s_max,
    })
  try {
    // Reads the header alone: no pixel is decoded before it is known how many there are.
    const { width, height, format, compression } = await picture().metadata()
    if (format === 'heif' && compression !== 'av1') throw new DomainError('unsupported_image')
    if (width * height > pixels_max) throw new DomainError('image_too_large')
    if (Math.min(width, height) < side_px_min) throw new DomainError('image_too_small')
    const { data, info } = await picture()
      .autoOrient()
      .flatten({ background: '#ffffff' })
      .resize(within(widest))
      .toColourspace('srgb')
      .raw()
      .toBuffer({ resolveWithObject: true })
    const raw = { width: info.width, height: info.height, channels: info.channels }
    const renditions: Rendition[] = []
    for (const { size, width } of sizes) {
      const jpeg = sharp(data, { raw }).resize(within(width)).jpeg({ quality, mozjpeg: true })
      const file = await jpeg.toBuffer({ resolveWithObject: true })
      renditions.push({ size, bytes: file.data, width: file.info.width, height: file.info.height })
    }
    return renditions
  } catch (error) {
    if (error instanceof DomainError) throw error
    // sharp's errors have no codes.
    const isTooLarge = /pixel limit|^timeout/.test((error as Error).message)
    throw new DomainError(isTooLarge ? 'image_too_large' : 'image_broken', undefined, { cause: error })
  }
}

/** Bounded in height as well: a strip a hundred times as high as wide is no picture that JPEG can hold. */
const within = (width: number) => ({ width, height: 2 * width, fit: 'inside', withoutEnlargement: true }) as const

/** By its first bytes, before any library reads it. What it is called, and said to be, proves nothing. */
function isSupported(upload: Buffer): boolean {
  const startsWith = (...bytes: number[]) => upload.subarray(0, bytes.length).equals(Buffer.from(bytes))
  const text = (start: number, end: number) => upload.toString('latin1', start, end)
  const isJpeg = startsWith(0xff, 0xd8, 0xff)
  const isPng = startsWith(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)
  const isWebp = text(0, 4) === 'RIFF' && text(8, 12) === 'WEBP'
  return isJpeg || isPng || isWebp || (text(4, 8) === 'ftyp' && isAvif(upload))
}

const brands_bytes_max = 256

/** A HEIF file names the brands that it keeps to in its first box (ISO/IEC 14496-12, 4.3); AVIF is one of them. */
function isAvif(upload: Buffer): boolean {
  const box = upload.toString('latin1', 8, Math.min(upload.readUInt32BE(0), brands_bytes_max))
  const brands: readonly string[] = box.match(/.{4}/gs) ?? []
  return brands.includes('avif') || brands.includes('avis')
}
