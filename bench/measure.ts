import { booksProblems, fillTables } from './books.ts'
import type { Contender, Goals, Kind, Measurement, Scenario, Settings } from './cases.ts'
import { createDatabase, dropDatabase, type BenchDatabase, type Sql } from './databases.ts'
import type { Load, Outcome, Request } from './load.ts'
import { openSessions, type SignTokens } from './sessions.ts'
import { openTicketKey, type TicketKey } from './ticket-proofs.ts'
import { median, type ContenderResult, type Result } from './results.ts'
import {
  memoryOf,
  setBareAnswer,
  startBare,
  startBaseline,
  startKarcis,
  startSellingKarcis,
  stop,
  type Server,
} from './servers.ts'

const open_loop_share = 0.7
const background_rate = 1_000
const background_connections = 16

type Context = {
  kind: Kind
  database: string
  settings: Settings
  load: Load
  servers: Record<Contender['server'], Server[]>
  signTokens: SignTokens
  ticketKey: TicketKey
  /** Answers 201 and 200-to-a-use by the database that they went to: what the books must show. */
  booked: { karcis: number; baseline: number }
  used: number
  say: (text: string) => void
  problems: string[]
}

export type Bench = Pick<Context, 'kind' | 'database' | 'settings' | 'load' | 'say' | 'problems'> & {
  serverUrl: string | undefined
}

/** Fills the tables, starts the servers, measures, stops them, checks the books. */
export async function runScenario(bench: Bench, scenario: Scenario): Promise<Result[]> {
  const { serverUrl, say, problems } = bench
  const needs = (server: Contender['server']) =>
    scenario.measurements.some(({ contenders }) => contenders.some((contender) => contender.server === server))
  const results: Result[] = []

  say(`${bench.database}: ${scenario.name}: filling the tables`)
  const own = await filled(serverUrl, 'karcis', scenario)
  const signTokens = await withSql(own, openSessions)
  const ticketKey = await withSql(own, openTicketKey)
  const other = needs('baseline') ? await filled(serverUrl, 'baseline', scenario) : undefined
  const karcis = await startKarcis(own.url)
  const second = needs('two karcis') ? [await startKarcis(own.url)] : []
  const open = needs('open karcis') ? [await startKarcis(own.url, 'off')] : []
  const selling = needs('selling karcis') ? [await startSellingKarcis(own.url)] : []
  const bare = needs('bare') ? [await startBare()] : []
  const baseline = other ? [await startBaseline(other.url)] : []
  const servers = {
    karcis: [karcis],
    'two karcis': [karcis, ...second],
    'open karcis': open,
    'selling karcis': selling,
    bare,
    baseline,
  }
  const before = scenario.fill.tickets / 2
  const context = { ...bench, servers, signTokens, ticketKey, booked: { karcis: 0, baseline: 0 }, used: 0 }

  for (const measurement of scenario.measurements) results.push(await measure(context, scenario, measurement))

  await Promise.all([karcis, ...second, ...open, ...selling, ...bare, ...baseline].map(stop))
  for (const [name, database] of Object.entries({ karcis: own, baseline: other })) {
    if (!database) continue
    const hasHistory = name === 'karcis'
    const booked = context.booked[name as keyof typeof context.booked]
    const expected = { before, booked, used: hasHistory ? context.used : 0, hasHistory }
    const found = await withSql(database, (sql) => booksProblems(sql, expected))
    problems.push(...found.map((problem) => `${bench.database}: ${scenario.name}: ${name}: ${problem}`))
    await dropDatabase(database)
  }
  return results
}

async function filled(serverUrl: string | undefined, purpose: string, { fill }: Scenario): Promise<BenchDatabase> {
  const database = await createDatabase(serverUrl, purpose)
  await withSql(database, (sql) => fillTables(sql, fill))
  return database
}

async function withSql<Result>(database: BenchDatabase, work: (sql: Sql) => Promise<Result>): Promise<Result> {
  const sql = await database.open()
  try {
    return await work(sql)
  } finally {
    await sql.close()
  }
}

async function measure(context: Context, scenario: Scenario, measurement: Measurement): Promise<Result> {
  const { settings, servers, say, database, problems } = context
  const { name, connections, contenders, background } = measurement
  const warnings: string[] = []
  const outcomes = new Map<Contender, Outcome[]>(contenders.map((contender) => [contender, []]))

  async function round(contender: Contender, number: number, rate?: number): Promise<Outcome> {
    const urls = servers[contender.server].map(({ url }) => url)
    const isSellOut = measurement.sold !== undefined
    const { seconds, warm_s, warm_first_s } = settings
    const tokens = contender.server === 'open karcis' ? undefined : await context.signTokens()
    const plan = {
      request: contender.request(number),
      urls,
      ticketKey: context.ticketKey,
      ...(tokens && { tokens }),
      connections,
      // The bare server answers what it was told to, a sample of another call if need be.
      counted: measurement.counted,
      warm_s: isSellOut ? 0 : number === 0 ? warm_first_s : warm_s,
      // A sell-out lasts as long as it takes.
      seconds: isSellOut ? 60 : seconds,
      requests_max: contender.requests_max ?? numbersOf(contender.request(number)),
      ...(rate !== undefined && { rate }),
    }
    const [outcome, sales] = await Promise.all([
      context.load.run(plan),
      background && contender.server !== 'bare'
        ? context.load.run({
            ...plan,
            request: background,
            connections: background_connections,
            counted: [201],
            rate: background_rate,
          })
        : undefined,
    ])
    if (contender.server !== 'bare') note(contender, plan.request, outcome)
    if (sales && background) note(contender, background, sales)
    warnings.push(...strange(contender.name, outcome, measurement.counted))
    if (sales) warnings.push(...strange(`${contender.name}, bookings meanwhile`, sales, [201]))
    if (isSellOut && outcome.statuses['201'] !== measurement.sold) {
      const sold = outcome.statuses['201'] ?? 0
      problems.push(`${database}: ${name}: ${contender.name} sold ${sold} of ${measurement.sold} seats`)
    }
    return outcome
  }

  function note({ server }: Contender, { method, path }: Request, { statuses }: Outcome): void {
    context.booked[server === 'baseline' ? 'baseline' : 'karcis'] += statuses['201'] ?? 0
    // What is asked in GraphQL here changes nothing.
    if (method !== 'GET' && path !== '/graphql') context.used += statuses['200'] ?? 0
  }

  const [bare] = servers.bare
  if (bare) {
    const tokens = await context.signTokens()
    const answer = await ask(servers.karcis[0]!, measurement.sample ?? contenders[0]!.request(0), tokens)
    if (answer.status === 201) context.booked.karcis++
    if (answer.status >= 500) warnings.push(`the answer for bare to give was ${answer.status}: its ratio means nothing`)
    await setBareAnswer(bare, answer)
  }
  for (let number = 0; number < settings.rounds; number++) {
    for (const contender of contenders) {
      say(`${database}: ${name}, ${connections} connections: ${contender.name}, round ${number + 1}`)
      outcomes.get(contender)!.push(await round(contender, number))
    }
  }

  const results = contenders.map((contender) => summary(contender, outcomes.get(contender)!))
  const [subject, ...others] = results
  if (measurement.sold === undefined && subject!.rate > 0) {
    const rate = subject!.rate * open_loop_share
    say(`${database}: ${name}, ${connections} connections: at ${Math.round(rate)} requests a second`)
    const { p50_ms, p99_ms, max_ms } = await round(contenders[0]!, settings.rounds, rate)
    subject!.corrected = { rate, p50_ms, p99_ms, max_ms }
  }
  const memories = servers[contenders[0]!.server].map(memoryOf)
  if (memories.every((bytes) => bytes !== undefined)) subject!.memory_mb = Math.max(...memories) / 2 ** 20
  const ratios = Object.fromEntries(others.map(({ name, rate }) => [name, subject!.rate / rate]))
  return {
    database,
    scenario: scenario.name,
    name,
    connections,
    contenders: results,
    ratios,
    goals: judge(subject!, ratios, measurement.goals?.[context.kind] ?? {}),
    warnings: [...new Set(warnings)],
  }
}

/** One request with the last of its numbers, for an answer as the server gives it. */
async function ask({ url }: Server, { method, path, body, known, numbers = {} }: Request, tokens: string[]) {
  const fill = (text: string) => text.replace(/[{](\w+)[}]/g, (_, name: string) => String(numbers[name]!.to))
  const answer = await fetch(url + fill(path), {
    method,
    headers: {
      authorization: `Bearer ${tokens[numbers['caller']!.to]}`,
      ...(known !== undefined && { 'if-none-match': known }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: fill(body) }),
  })
  return { status: answer.status, body: await answer.text() }
}

/** How many requests can be made before one comes twice. */
function numbersOf({ numbers = {} }: Request): number {
  const rising = Object.values(numbers).filter(({ order }) => order === 'rising')
  return Math.min(...rising.map(({ from, to }) => to - from + 1), Number.MAX_SAFE_INTEGER)
}

function strange(who: string, { statuses, errors }: Outcome, counted: number[]): string[] {
  const found = Object.entries(statuses)
    .filter(([status]) => !counted.includes(Number(status)))
    .map(([status, count]) => `${who} answered ${status} ${count} times`)
  if (errors > 0) found.push(`${who} left ${errors} requests without an answer`)
  return found
}

function summary({ name }: Contender, outcomes: Outcome[]): ContenderResult {
  const all = (key: 'rate' | 'elapsed_s' | 'p50_ms' | 'p99_ms' | 'max_ms') => outcomes.map((outcome) => outcome[key])
  return {
    name,
    rate: median(all('rate')),
    rates: all('rate'),
    elapsed_s: median(all('elapsed_s')),
    p50_ms: median(all('p50_ms')),
    p99_ms: median(all('p99_ms')),
    max_ms: Math.max(...all('max_ms')),
  }
}

function judge(subject: ContenderResult, ratios: Record<string, number>, goals: Goals): Result['goals'] {
  const { p99_ms_max = Infinity, max_ms_max = Infinity, elapsed_s_max = Infinity } = goals
  const atMost: [string, number, number][] = [
    ['p99 ms', subject.p99_ms, p99_ms_max],
    ['longest ms', subject.max_ms, max_ms_max],
    ['seconds', subject.elapsed_s, elapsed_s_max],
  ]
  return [
    ...Object.entries(goals.ratios ?? {}).map(([name, least]) => ({
      text: `≥ ${least.toPrecision(2)} × ${name}`,
      isMet: ratios[name]! >= least,
    })),
    ...atMost
      .filter(([, , most]) => most < Infinity)
      .map(([what, value, most]) => ({ text: `${what} ≤ ${most}`, isMet: value <= most })),
  ]
}
