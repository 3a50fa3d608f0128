import type { Result, Results } from './results.ts'

/* Throughput against connections, one panel for each database; readable on light and on dark ground. */

const panel = { width: 460, height: 300, left: 64, right: 104, top: 56, bottom: 48 }
const steps = 5

type Line = { label: string; kind: string; points: { connections: number; rate: number }[] }

export function plot({ results }: Pick<Results, 'results'>): string {
  const databases = [...new Set(results.map(({ database }) => database))].filter(
    (database) => linesOf(results, database).length > 0,
  )
  const width = panel.width * Math.max(1, databases.length)
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${panel.height}" role="img" font-size="12"
  font-family="system-ui, sans-serif">
<title>Bookings a second against connections</title>
<style>
  text { fill: #57606a } .title { fill: #1f2328; font-weight: 600; font-size: 14px } .grid { stroke: #d0d7de }
  path { fill: none; stroke-width: 2 }
  .hot { stroke: #0969da } .many { stroke: #8250df } .bare { stroke: #6e7781 } .baseline { stroke: #bc4c00 }
  circle { stroke: none } circle.hot, text.hot { fill: #0969da } circle.many, text.many { fill: #8250df }
  circle.bare, text.bare { fill: #6e7781 } circle.baseline, text.baseline { fill: #bc4c00 }
  text { stroke: none !important }
  @media (prefers-color-scheme: dark) {
    text { fill: #9198a1 } .title { fill: #f0f6fc } .grid { stroke: #3d444d }
    .hot { stroke: #4493f8 } .many { stroke: #ab7df8 } .bare { stroke: #9198a1 } .baseline { stroke: #db6d28 }
    circle.hot, text.hot { fill: #4493f8 } circle.many, text.many { fill: #ab7df8 }
    circle.bare, text.bare { fill: #9198a1 } circle.baseline, text.baseline { fill: #db6d28 }
  }
</style>
${databases.map((database, index) => drawPanel(database, linesOf(results, database), index * panel.width)).join('\n')}
</svg>
`
}

function linesOf(results: Result[], database: string): Line[] {
  const line = (scenario: string, contender: string, label: string, kind: string): Line => ({
    label,
    kind,
    points: results
      .filter((result) => result.database === database && result.scenario === scenario)
      .map(({ connections, contenders }) => ({
        connections,
        rate: contenders.find(({ name }) => name === contender)?.rate ?? 0,
      })),
  })
  return [
    line('hot event', 'bare', 'bare Fastify', 'bare'),
    line('hot event', 'karcis', 'hot event', 'hot'),
    line('many events', 'karcis', '1,000 events', 'many'),
    line('hot event', 'baseline', 'baseline', 'baseline'),
  ].filter(({ points }) => points.length > 1)
}

function drawPanel(database: string, lines: Line[], offset: number): string {
  const { width, height, left, right, top, bottom } = panel
  const all = lines.flatMap(({ points }) => points)
  const counts = [...new Set(all.map(({ connections }) => connections))].toSorted((a, b) => a - b)
  const top_rate = roundUp(Math.max(...all.map(({ rate }) => rate)))
  const inner = { width: width - left - right, height: height - top - bottom }
  const first = Math.log(counts[0]!)
  const span = Math.log(counts.at(-1)!) - first || 1
  const x = (connections: number) => Math.round(left + ((Math.log(connections) - first) / span) * inner.width)
  const y = (rate: number) => Math.round(top + inner.height * (1 - rate / top_rate))

  const grid = Array.from({ length: steps + 1 }, (_, step) => {
    const rate = (top_rate / steps) * step
    return (
      `<path class="grid" style="stroke-width:1" d="M${left} ${y(rate)}H${width - right}"/>` +
      `<text x="${left - 8}" y="${y(rate) + 4}" text-anchor="end">${rate.toLocaleString('en')}</text>`
    )
  })
  const ticks = counts.map(
    (count) =>
      `<text x="${x(count)}" y="${height - bottom + 18}" text-anchor="middle">${count.toLocaleString('en')}</text>`,
  )
  const labels = spread(lines.map(({ points }) => y(points.at(-1)!.rate)))
  const drawn = lines.map(({ label, kind, points }, index) => {
    const path = points.map(({ connections, rate }) => `${x(connections)} ${y(rate)}`).join('L')
    const dots = points.map(
      ({ connections, rate }) => `<circle class="${kind}" r="3" cx="${x(connections)}" cy="${y(rate)}"/>`,
    )
    const text = `<text class="${kind}" x="${width - right + 10}" y="${labels[index]! + 4}">${label}</text>`
    return `<path class="${kind}" d="M${path}"/>${dots.join('')}${text}`
  })
  return [
    `<g transform="translate(${offset} 0)">`,
    `<text class="title" x="${left}" y="22">${database}</text>`,
    `<text x="${left}" y="40">bookings a second, 2 tickets each</text>`,
    ...grid,
    ...ticks,
    `<text x="${left + inner.width / 2}" y="${height - 8}" text-anchor="middle">connections</text>`,
    ...drawn,
    '</g>',
  ].join('\n')
}

/** Labels at least a line apart, in the order of the lines' ends, pushed upwards, away from the axis. */
function spread(heights: number[]): number[] {
  const apart = 15
  const placed = [...heights]
  const order = heights.map((_, index) => index).toSorted((a, b) => heights[b]! - heights[a]!)
  for (let at = 1; at < order.length; at++) {
    placed[order[at]!] = Math.min(placed[order[at]!]!, placed[order[at - 1]!]! - apart)
  }
  return placed
}

/** The next number that five steps divide well. */
function roundUp(rate: number): number {
  const unit = 10 ** Math.floor(Math.log10(Math.max(10, rate)))
  return [1, 1.5, 2, 2.5, 3, 4, 5, 7.5, 10].map((factor) => factor * unit).find((round) => round >= rate)!
}
