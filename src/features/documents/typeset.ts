import { fontOf, type Weight } from './fonts.ts'
import { clustersOf, runsOf, type Cluster, type Run } from './text-runs.ts'

/** A font size in points, and on how many lines at most a text may stand in it. */
export type Step = Readonly<{ size: number; lines_max: number }>

/** A text set in lines. Sizes are in points. */
export type Block = Readonly<{ lines: readonly Line[]; size: number; height: number }>
export type Line = Readonly<{ runs: readonly (Run & { width: number })[]; width: number }>

const line_height = 1.3
/** Where nothing of a text can be shown. */
const nothing = '–'
const han = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/u

/** Sets a text in the largest of these sizes that it fits in; what fits in none ends with an ellipsis in the last one. */
export function typeset(text: string, weight: Weight, width: number, steps: readonly Step[]): Block {
  const written = clustersOf(text, weight)
  const clusters = written.length > 0 ? written : clustersOf(nothing, weight)
  for (const { size, lines_max } of steps) {
    const lines = wrap(clusters, width / size)
    if (lines.length <= lines_max) return block(lines, size)
  }
  const { size, lines_max } = steps.at(-1)!
  const lines = wrap(clusters, width / size).slice(0, lines_max)
  const last = lines.pop() ?? []
  const ellipsis: Cluster = { text: '…', font: weight }
  while (last.length > 0 && widthOf([...last, ellipsis]) > width / size) last.pop()
  return block([...lines, [...last, ellipsis]], size)
}

function block(lines: readonly (readonly Cluster[])[], size: number): Block {
  return {
    size,
    height: lines.length * size * line_height,
    lines: lines.map((line) => {
      const runs = runsOf(line).map(({ text, font }) => ({ text, font, width: runWidth({ text, font }) * size }))
      return { runs, width: runs.reduce((sum, run) => sum + run.width, 0) }
    }),
  }
}

/** Lines no wider than this, in ems: broken at spaces, between characters of East Asia, and within a word if there is no other way. */
function wrap(clusters: readonly Cluster[], width: number): Cluster[][] {
  const lines: Cluster[][] = []
  let line: Cluster[] = []
  let used = 0
  for (const { space, word } of wordsOf(clusters)) {
    const gap = space && line.length > 0 ? widthOf([space]) : 0
    const needed = widthOf(word)
    if (line.length > 0 && used + gap + needed > width) {
      lines.push(line)
      line = []
      used = 0
    } else if (gap > 0) {
      line.push(space!)
      used += gap
    }
    if (needed <= width) {
      line.push(...word)
      used += needed
      continue
    }
    for (const cluster of word) {
      const one = widthOf([cluster])
      if (line.length > 0 && used + one > width) {
        lines.push(line)
        line = []
        used = 0
      }
      line.push(cluster)
      used += one
    }
  }
  return line.length > 0 ? [...lines, line] : lines
}

/** What must stay together on a line, and the space before it. */
function wordsOf(clusters: readonly Cluster[]): { space: Cluster | undefined; word: Cluster[] }[] {
  const words: { space: Cluster | undefined; word: Cluster[] }[] = []
  let space: Cluster | undefined
  let mayBreak = true
  for (const cluster of clusters) {
    if (cluster.text === ' ') {
      space = cluster
      mayBreak = true
      continue
    }
    // Their punctuation stays with the character before it.
    const isHan = han.test(cluster.text)
    const isAfterHan = han.test(words.at(-1)?.word.at(-1)?.text ?? '') && /[\p{L}\p{N}]/u.test(cluster.text)
    if (mayBreak || isHan || isAfterHan) words.push({ space, word: [cluster] })
    else words.at(-1)!.word.push(cluster)
    space = undefined
    mayBreak = false
  }
  return words
}

const widthOf = (line: readonly Cluster[]) => runsOf(line).reduce((sum, run) => sum + runWidth(run), 0)

/** In ems. */
const runWidth = ({ text, font }: Run) => fontOf(font).layout(text).advanceWidth / fontOf(font).unitsPerEm
