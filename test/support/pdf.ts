import { execFileSync, spawnSync } from 'node:child_process'
import jsQrModule from 'jsqr'
import sharp from 'sharp'

// What it exports is the function itself, whatever its types say.
const jsQr = jsQrModule as unknown as typeof jsQrModule.default

/** For tests that look into a PDF: the reason not to run, where there is nothing to look with. */
export const withoutPoppler = spawnSync('pdftotext', ['-v']).error ? 'poppler-utils is not installed' : false

/** Runs a tool of poppler on a PDF, which knows nothing of how it was made. */
function poppler(tool: string, before: readonly string[], pdf: Buffer, after: readonly string[] = []): Buffer {
  return execFileSync(tool, [...before, '-', ...after], { input: pdf, maxBuffer: 64 * 1024 * 1024 })
}

export const textOf = (pdf: Buffer): string => poppler('pdftotext', ['-layout'], pdf, ['-']).toString()

export function infoOf(pdf: Buffer): Record<string, string> {
  const lines = poppler('pdfinfo', [], pdf).toString().split('\n')
  return Object.fromEntries(lines.map((line) => [line.split(':')[0]!, line.slice(line.indexOf(':') + 1).trim()]))
}

export const pagesOf = (pdf: Buffer): number => Number(infoOf(pdf)['Pages'])

/** Each font of a PDF, with whether it is embedded and whether only what is used of it. */
export function fontsOf(pdf: Buffer): { name: string; embedded: boolean; subset: boolean }[] {
  const [, , ...rows] = poppler('pdffonts', [], pdf).toString().trim().split('\n')
  return rows.map((row) => {
    const [, name = '', embedded, subset] = /^(\S+) .* (yes|no) +(yes|no) +(?:yes|no) +\d+ +\d+$/.exec(row)!
    return { name, embedded: embedded === 'yes', subset: subset === 'yes' }
  })
}

/** A page as it is seen on a screen. */
export const pictureOf = (pdf: Buffer, page: number, dpi = 150): Buffer =>
  poppler('pdftoppm', ['-png', '-r', `${dpi}`, '-f', `${page}`, '-l', `${page}`], pdf)

/** What the QR code in a picture says, read by another library than the one that makes them. */
export async function qrTextOf(picture: Buffer): Promise<string> {
  // What people upload is never read as SVG; this one was made here.
  sharp.unblock({ operation: ['VipsForeignLoadSvg'] })
  const { data, info } = await sharp(picture)
    .flatten({ background: '#fff' })
    .ensureAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true })
  const found = jsQr(new Uint8ClampedArray(data), info.width, info.height)
  if (!found) throw new Error('there is no QR code in this picture')
  return found.data
}
