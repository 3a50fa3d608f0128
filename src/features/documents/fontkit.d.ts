/** What we use of fontkit 2, which has no types of its own. */
declare module 'fontkit' {
  export type Font = {
    hasGlyphForCodePoint(codePoint: number): boolean
    /** Glyphs in the order in which they are seen, for a text of one direction; advances in units of the font. */
    layout(text: string, features?: Record<string, boolean>): Layout
    unitsPerEm: number
  }
  export type Layout = {
    glyphs: readonly object[]
    positions: readonly Record<string, number>[]
    advanceWidth: number
  }
  export function create(buffer: Uint8Array): Font
}
