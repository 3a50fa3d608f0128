import { readFileSync } from 'node:fs'
import { create, type Font, type Layout } from 'fontkit'

const files = {
  regular: 'NotoSans-Regular.ttf',
  bold: 'NotoSans-Bold.ttf',
  arabic: 'NotoNaskhArabic-Regular.ttf',
  han: 'NotoSansSC-Regular.otf',
  hangul: 'NotoSansKR-Regular.otf',
} as const
export type FontName = keyof typeof files
export type Weight = 'regular' | 'bold'

export const fontNames = Object.keys(files) as FontName[]

const opened = new Map<FontName, Font>()

/** Opened once for all documents: reading a font's tables takes longer than drawing a page. */
export function fontOf(name: FontName): Font {
  let font = opened.get(name)
  if (!font) {
    font = create(readFileSync(new URL(`../../../assets/fonts/${files[name]}`, import.meta.url)))
    font.layout = remembering(font, name === 'regular' || name === 'bold')
    opened.set(name, font)
  }
  return font
}

const layouts_max = 20_000

/** Shaping is what takes the time, and the same words come on every page. */
function remembering(font: Font, isLatin: boolean): Font['layout'] {
  const layout = font.layout.bind(font)
  const layouts = new Map<string, Layout>()
  // Latin texts are composed already. Taken apart, a letter could not be copied from the file with its accents.
  const features = isLatin ? { ccmp: false } : undefined
  return (text) => {
    let known = layouts.get(text)
    if (!known) {
      known = layout(text, features)
      if (layouts.size >= layouts_max) layouts.clear()
      layouts.set(text, known)
    }
    const { glyphs, positions, advanceWidth } = known
    // pdfkit changes positions in place.
    return { glyphs, positions: positions.map((position) => Object.assign({}, position)), advanceWidth }
  }
}

/** The font that has a glyph for each of these characters; of letters beyond Latin there is one weight alone. */
export function fontFor(text: string, weight: Weight): FontName | undefined {
  const order: FontName[] = [weight, 'arabic', 'han', 'hangul']
  const codePoints = Array.from(text, (character) => character.codePointAt(0)!)
  return order.find((name) => codePoints.every((codePoint) => fontOf(name).hasGlyphForCodePoint(codePoint)))
}
