/** What we use of fontkit 2, which has no types of its own. */
declare module 'fontkit' {
  export type Font = {
    hasGlyphForCodePoint(codePoint: number): boolean
    /** Glyphs in the order in which they are seen, for a text of one direction; advances in units of the font. */
    layout(text: string): { advanceWidth: number }
    unitsPerEm: number
  }
  export function create(buffer: Uint8Array): Font
}
