import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { plot } from './plot.ts'
import type { Result, Results } from './results.ts'

const whole = (number: number) => Math.round(number).toLocaleString('en')
const short = (number: number) => (number < 10 ? number.toFixed(1) : whole(number))

const headings = [
  'database',
  'case',
  'conn.',
  'per s',
  'p50 ms',
  'p99 ms',
  'max ms',
  'p99 ms at 70 %',
  'MB',
  'beside',
  'to reach',
]
const isNumber = [false, false, true, true, true, true, true, true, true, false, false]

function cells(result: Result): string[] {
  const { database, name, connections, contenders, ratios, notes = [], goals } = result
  const [subject, ...others] = contenders
  const { rate, p50_ms, p99_ms, max_ms, corrected, memory_mb } = subject!
  const beside = others.map((other) =>
    other.rate > 0
      ? `${ratios[other.name]!.toFixed(2)} × ${other.name} (${whole(other.rate)})`
      : `${other.name} did nothing`,
  )
  if (name.startsWith('sell-out')) beside.unshift(`all answered in ${subject!.elapsed_s.toFixed(2)} s`)
  beside.push(...notes)
  return [
    database,
    name,
    whole(connections),
    rate < 100 ? rate.toFixed(1) : whole(rate),
    short(p50_ms),
    short(p99_ms),
    short(max_ms),
    corrected ? short(corrected.p99_ms) : '',
    memory_mb === undefined ? '' : whole(memory_mb),
    beside.join(', '),
    goals.map(({ text, isMet }) => `${isMet ? 'ok' : 'MISSED'} ${text}`).join(', '),
  ]
}

/** Columns under each other, for a terminal. */
export function table({ results }: Pick<Results, 'results'>): string {
  const rows = [headings, ...results.map(cells)]
  const widths = headings.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  return rows
    .map((row) =>
      row
        .map((cell, column) => (isNumber[column] ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** What must not be overlooked, line by line. */
export function alarms({ results, problems }: Pick<Results, 'results' | 'problems'>): string[] {
  return [
    ...problems.map((problem) => `WRONG: ${problem}`),
    ...results.flatMap(({ database, name, connections, warnings }) =>
      warnings.map((warning) => `UNEXPECTED: ${database}: ${name}, ${connections} connections: ${warning}`),
    ),
  ]
}

/** The page and its plot. */
export function writeDocs(results: Results, folder: string): void {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'performance.md'), page(results))
  writeFileSync(join(folder, 'performance.svg'), plot(results))
}

function page(all: Results): string {
  const { date, runs = 1, machine, node, settings, databases } = all
  const line = (row: string[]) => `| ${row.join(' | ')} |`
  const found = alarms(all)
  const databaseLines = databases.map(({ name, version, ...rest }) => {
    const rows = Object.entries(rest).map(([setting, value]) => `${setting} ${value}`)
    return `- ${name} ${version}: ${rows.join(', ')}`
  })
  return [
    '# Performance',
    '',
    'Written by `npm run bench -- --write-docs`. Server, database and load generator share one machine, so only the ' +
      'ratios of one run are worth anything on another.',
    '',
    `- ${date.slice(0, 10)}, ${machine.cpu}, ${machine.cores} cores, ${machine.memory_gb} GB, ${machine.system}, ` +
      `Node ${node}`,
    ...databaseLines,
    `- ${settings.rounds} rounds of ${settings.seconds} s after ${settings.warm_s} s of warm-up, the first one after ` +
      `${settings.warm_first_s} s; what stands side by side took turns, round by round; figures are medians, the longest wait ` +
      'is the worst of all rounds',
    ...(runs > 1 ? [`- Put together from ${runs} runs of parts of it, one after the other`] : []),
    '',
    '![Throughput against connections](performance.svg)',
    '',
    line(headings),
    line(isNumber.map((right) => (right ? '---:' : '---'))),
    ...all.results.map((result) => line(cells(result))),
    '',
    ...(found.length > 0 ? ['## What went wrong', '', ...found.map((text) => `- ${text}`), ''] : []),
    '## How to read it',
    '',
    '- A booking takes two seats and names two holders; only an answer of 201 counts. After every case the books are ' +
      'checked in SQL: seats gone = seats booked = tickets, and as many bookings as there were answers of 201.',
    '- **bare** is Fastify alone: it parses and checks the same body, and answers ready-made bytes of the same length. ' +
      '`use` is held against its POST. Karcis has accounts, limits, security headers and a log line in all figures; bare ' +
      'has none of them.',
    '- Every request carries an access token of whoever asks: of one of 1,000 customers, or of the organizer for `use` ' +
      'and for lists of tickets. **without accounts** is Karcis with AUTH=off, on the same tables, without tokens.',
    '- **baseline** books as the reference does, one transaction for each booking, on the same tables and database ' +
      'server, with 25 connections; on SQLite with `synchronous = full`.',
    '- **p99 at 70 %**: at 70 % of the measured rate in an open loop, where requests come whether the server keeps up ' +
      'or not and latency counts from the moment a request was due (corrected for coordinated omission).',
    '- **held** bookings are those of a server that is to be paid: pending, with a hold and no tickets yet. Expiry and ' +
      'webhooks are what one worker does by itself; their times are those of a batch of 200 holds, or 64 webhooks.',
    '- **live**: connections to `/live` that look on while tickets are sold; the times are those from the answer to a ' +
      'booking until the last client has been told, at one event ten times a second at most.',
    '- **MB** is the resident memory of the server after the case.',
    '- The load comes from a client of our own on plain sockets; one that costs more than the server would measure ' +
      'itself.',
    '',
  ].join('\n')
}
