import { encodeQR } from 'qr'
import sharp from 'sharp'

/** White around the code, in modules, as the standard asks for (ISO/IEC 18004). */
export const quiet_modules = 4
const pixels_per_module = 8

/** A row of dark modules that touch, in modules from the upper left corner of the code. */
export type Bar = Readonly<{ x: number; y: number; width: number }>

/** A QR code without its white border. Its error correction, medium, forgives a fold or a drop of rain. */
export function qrCode(text: string): { size: number; bars: Bar[] } {
  // It always makes a border, of one module at least.
  const rows = encodeQR(text, 'raw', { ecc: 'medium', border: 1 })
    .slice(1, -1)
    .map((row) => row.slice(1, -1))
  const bars: Bar[] = []
  for (const [y, row] of rows.entries()) {
    for (let x = 0; x < row.length; x++) {
      if (!row[x]) continue
      const start = x
      while (row[x + 1]) x++
      bars.push({ x: start, y, width: x + 1 - start })
    }
  }
  return { size: rows.length, bars }
}

export function qrSvg(text: string): string {
  const { size, bars } = qrCode(text)
  const side = size + 2 * quiet_modules
  const path = bars
    .map(({ x, y, width }) => `M${x + quiet_modules} ${y + quiet_modules}h${width}v1h-${width}z`)
    .join('')
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${side} ${side}" shape-rendering="crispEdges" ` +
    `width="${side * pixels_per_module}" height="${side * pixels_per_module}">` +
    `<path fill="#fff" d="M0 0h${side}v${side}h-${side}z"/><path d="${path}"/></svg>`
  )
}

export async function qrPng(text: string): Promise<Buffer> {
  const { size, bars } = qrCode(text)
  const side = size + 2 * quiet_modules
  const pixels = Buffer.alloc(side * side, 255)
  for (const { x, y, width } of bars) {
    const first = (y + quiet_modules) * side + x + quiet_modules
    pixels.fill(0, first, first + width)
  }
  return sharp(pixels, { raw: { width: side, height: side, channels: 1 } })
    .resize(side * pixels_per_module, undefined, { kernel: 'nearest' })
    .png({ palette: true, colours: 2 })
    .toBuffer()
}
