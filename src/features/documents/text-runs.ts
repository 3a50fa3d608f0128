import bidiFactory from 'bidi-js'
import { fontFor, fontOf, type FontName, type Weight } from './fonts.ts'

/** What a reader sees as one character, and the font that has it. */
export type Cluster = Readonly<{ text: string; font: FontName }>

/** Text in one font and one direction, as the font's shaper takes it. */
export type Run = Readonly<{ text: string; font: FontName }>

// What it exports is the function itself, whatever its types say.
const bidi = (bidiFactory as unknown as typeof bidiFactory.default)()
const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' })
/** Reorder what comes after them, or are not seen: no name needs them, and a forged one could. */
const invisible = /[\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff]|\p{Variation_Selector}/gu
const breaks = /[\p{Cc}\p{Z}]+/gu
/** The sign for a character that can't be shown. */
const unknown = '\ufffd'

/**
 * The characters of a text, each with a font. What no font has is left out if it is a picture or a sign; letters are
 * replaced, several by one sign, so that a name is seen to be there.
 */
export function clustersOf(text: string, weight: Weight): Cluster[] {
  const clusters: Cluster[] = []
  const plain = text.normalize('NFC').replace(breaks, ' ').replace(invisible, '').trim()
  for (const { segment } of graphemes.segment(plain)) {
    const [base = ''] = segment
    const before = clusters.at(-1)
    // A space takes the font of what it follows, so that a line is not cut into more runs than it needs.
    if (segment === ' ') {
      if (before && before.text !== ' ') {
        clusters.push({ text: ' ', font: fontOf(before.font).hasGlyphForCodePoint(0x20) ? before.font : weight })
      }
      continue
    }
    const font = fontFor(segment, weight)
    if (font) {
      clusters.push({ text: segment, font })
      continue
    }
    const baseFont = fontFor(base, weight)
    const isLetter = /[\p{L}\p{N}]/u.test(segment)
    if (baseFont && isLetter) clusters.push({ text: base, font: baseFont })
    else if (isLetter && before?.text !== unknown) clusters.push({ text: unknown, font: weight })
  }
  while (clusters.at(-1)?.text === ' ') clusters.pop()
  return clusters
}

/**
 * A line as runs from left to right (https://www.unicode.org/reports/tr9/). Shapers turn around what is written from
 * right to left by themselves, but for runs without a letter by which they could tell.
 */
export function runsOf(line: readonly Cluster[]): Run[] {
  const text = line.map((cluster) => cluster.text).join('')
  const { levels } = bidi.getEmbeddingLevels(text)
  const mirrored = bidi.getMirroredCharactersMap(text, levels)
  const runs: { clusters: string[]; font: FontName; level: number }[] = []
  let index = 0
  for (const cluster of line) {
    const level = levels[index]!
    const written = mirrored.get(index) ?? cluster.text
    const last = runs.at(-1)
    if (last?.font === cluster.font && last.level === level) last.clusters.push(written)
    else runs.push({ clusters: [written], font: cluster.font, level })
    index += cluster.text.length
  }
  return inVisualOrder(runs).map(({ clusters, font, level }) => {
    const isTurnedByShaper = /\p{Script=Arabic}/u.test(clusters.join(''))
    return { text: (level % 2 === 1 && !isTurnedByShaper ? clusters.toReversed() : clusters).join(''), font }
  })
}

/** Rule L2: from the highest level down to 1, whatever stands together at that level or above is turned around. */
function inVisualOrder<Item extends { level: number }>(items: readonly Item[]): Item[] {
  const ordered = [...items]
  for (let level = Math.max(0, ...items.map((item) => item.level)); level > 0; level--) {
    for (let start = 0; start < ordered.length; start++) {
      let end = start
      while (end < ordered.length && ordered[end]!.level >= level) end++
      if (end > start) ordered.splice(start, end - start, ...ordered.slice(start, end).toReversed())
      start = end
    }
  }
  return ordered
}
