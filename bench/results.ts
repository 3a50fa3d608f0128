import type { Settings } from './cases.ts'
import type { Row } from './databases.ts'

/** What is written to bench/results/latest.json; the table, the page and the plot are drawn from it. */
export type Results = {
  date: string
  /** Of how many runs they were put together; left out, they are of one. */
  runs?: number
  machine: { cpu: string; cores: number; memory_gb: number; system: string }
  node: string
  settings: Settings
  databases: Row[]
  results: Result[]
  /** Books that don't balance, and seats sold that were not there. One makes the bench fail. */
  problems: string[]
}

export type Result = {
  database: string
  scenario: string
  name: string
  connections: number
  /** The first is what was measured. */
  contenders: ContenderResult[]
  /** The first contender's rate as a multiple of each other one's. */
  ratios: Record<string, number>
  /** What there is to say besides. */
  notes?: string[]
  goals: { text: string; isMet: boolean }[]
  /** Answers that should not have come, and connections lost. */
  warnings: string[]
}

/** Medians of the rounds; `max_ms` is the worst of all. */
export type ContenderResult = {
  name: string
  rate: number
  rates: number[]
  elapsed_s: number
  p50_ms: number
  p99_ms: number
  max_ms: number
  memory_mb?: number
  /** At 70 % of the rate in an open loop, so that a request that had to wait for its turn counts in full. */
  corrected?: { rate: number; p50_ms: number; p99_ms: number; max_ms: number }
}

/** Several runs as one: of the same case, the last one's figures count. */
export function together(runs: readonly Results[]): Results {
  const caseOf = ({ database, name, connections }: Result) => `${database}: ${name}, ${connections}`
  const results = new Map(runs.flatMap((run) => run.results.map((result) => [caseOf(result), result] as const)))
  const databases = new Map(
    runs.flatMap((run) => run.databases.map((database) => [database['name'], database] as const)),
  )
  return {
    ...runs.at(-1)!,
    runs: runs.length,
    databases: [...databases.values()],
    results: [...results.values()],
    problems: runs.flatMap(({ problems }) => problems),
  }
}

export function median(numbers: number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}
