import type PdfDocument from 'pdfkit'
import { fontNames, fontOf, type Weight } from './fonts.ts'
import { qrCode } from './qr-code.ts'
import { typeset, type Block, type Step } from './typeset.ts'

type Document = InstanceType<typeof PdfDocument>
type Box = Readonly<{ x: number; y: number; width: number; height: number }>
export type Picture = Readonly<{ width: number; height: number }>

/** Draws on the page that a document is at. Lengths are in points, from the upper left corner. */
export type Pen = ReturnType<typeof penOf>

/** From the top of a line to what letters stand on, in parts of their size. */
const baseline = 1.02
/** With no features asked for, a font's own are used; without this list, pdfkit would cut the text at its spaces. */
const features: PDFKit.Mixins.OpenTypeFeatures[] = []

export function penOf(document: Document) {
  // pdfkit takes an opened font as well, though its types don't say so.
  for (const name of fontNames) document.registerFont(name, fontOf(name) as unknown as Uint8Array)

  const blocks = new Map<string, Block>()

  function writeLine({ lines, size }: Block, index: number, x: number, y: number): void {
    for (const run of lines[index]!.runs) {
      document
        .font(run.font)
        .fontSize(size)
        .text(run.text, x, y, { lineBreak: false, baseline: 'alphabetic', features })
      x += run.width
    }
  }
  const eachLine = (block: Block, y: number, draw: (index: number, y: number) => void) => {
    const step = block.height / block.lines.length
    for (const index of block.lines.keys()) draw(index, y + index * step + block.size * baseline)
  }

  return {
    /** The same on each page, most of it, and set once. */
    set(text: string, weight: Weight, width: number, steps: readonly Step[]): Block {
      const name = JSON.stringify([text, weight, width, steps])
      let block = blocks.get(name)
      if (!block) blocks.set(name, (block = typeset(text, weight, width, steps)))
      return block
    },
    /** Returns where it ends. */
    write(block: Block, x: number, y: number, color: string): number {
      document.fillColor(color)
      eachLine(block, y, (index, line_y) => writeLine(block, index, x, line_y))
      return y + block.height
    },
    writeCentred(block: Block, x: number, y: number, width: number, color: string): void {
      document.fillColor(color)
      eachLine(block, y, (index, line_y) =>
        writeLine(block, index, x + (width - block.lines[index]!.width) / 2, line_y),
      )
    },
    fill({ x, y, width, height }: Box, color: string): void {
      document.rect(x, y, width, height).fill(color)
    },
    /** A lighter disc, as far as it lies in the box. */
    glow({ x, y, width, height }: Box, centre_x: number, centre_y: number, radius: number): void {
      document.save().rect(x, y, width, height).clip()
      document.circle(centre_x, centre_y, radius).fillOpacity(0.08).fill('#ffffff')
      document.restore()
    },
    frame({ x, y, width, height }: Box, radius: number, color: string): void {
      document.lineWidth(0.8).roundedRect(x, y, width, height, radius).stroke(color)
    },
    line(x1: number, y1: number, x2: number, y2: number, color: string): void {
      document.lineWidth(0.8).moveTo(x1, y1).lineTo(x2, y2).stroke(color)
    },
    dashed(x1: number, y1: number, x2: number, y2: number, color: string): void {
      document.lineWidth(0.8).moveTo(x1, y1).lineTo(x2, y2).dash(3, { space: 3 }).stroke(color).undash()
    },
    clipped({ x, y, width, height }: Box, radius: number, draw: () => void): void {
      document.save().roundedRect(x, y, width, height, radius).clip()
      draw()
      document.restore()
    },
    /** Fills the box; what has another shape is cut off evenly. */
    picture(picture: Picture, { x, y, width, height }: Box): void {
      const scale = Math.max(width / picture.width, height / picture.height)
      const drawn = { width: picture.width * scale, height: picture.height * scale }
      document.save().rect(x, y, width, height).clip()
      // An opened picture is in the file once, however many pages show it.
      document.image(
        picture as unknown as Buffer,
        x + (width - drawn.width) / 2,
        y + (height - drawn.height) / 2,
        drawn,
      )
      document.restore()
    },
    /** As one path: between shapes of their own, viewers would leave hairlines that scanners see. */
    qr(text: string, x: number, y: number, side: number): void {
      const { size, bars } = qrCode(text)
      const module = side / size
      for (const bar of bars) document.rect(x + bar.x * module, y + bar.y * module, bar.width * module, module)
      document.fill('#000000')
    },
  }
}
