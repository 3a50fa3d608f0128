import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { arch, cpus, platform, release, totalmem } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { scenarios, type Settings } from './cases.ts'
import { describeServer, dropAll } from './databases.ts'
import { runJobs } from './jobs.ts'
import { runLive } from './live.ts'
import { Load } from './load.ts'
import { runScenario } from './measure.ts'
import { alarms, table, writeDocs } from './report.ts'
import { together, type Results } from './results.ts'
import { stopAll } from './servers.ts'

const usage = `Usage: npm run bench -- [options]

  --database-url <url>  also measure on this MySQL or MariaDB server (or TEST_DATABASE_URL); the bench makes and
                        drops databases of its own there, named karcis_bench_…
  --skip-sqlite         leave SQLite out
  --only <text>         only cases with this in their name, such as "growth" or "hot event, 64 connections"
  --rounds <n>          rounds of each case (3)
  --seconds <n>         length of a round (4)
  --quick               2 rounds of 1 s, and small tables: to see that it works, not for figures
  --full                also with 10 million tickets
  --write-docs          write docs/performance.md and docs/performance.svg
  --from <file>         measure nothing, and show what runs before have left in this file; several are put together, and
                        of the same case the last one's figures count (each run leaves bench/results/latest.json)`

const seconds_max = 600
const rounds_max = 50

const { values: options } = parseArgs({
  options: {
    'database-url': { type: 'string' },
    'skip-sqlite': { type: 'boolean' },
    only: { type: 'string' },
    rounds: { type: 'string' },
    seconds: { type: 'string' },
    quick: { type: 'boolean' },
    full: { type: 'boolean' },
    'write-docs': { type: 'boolean' },
    from: { type: 'string', multiple: true },
    help: { type: 'boolean' },
  },
})

if (options.help) console.log(usage)
else if (options.from) show(together(options.from.map((file) => JSON.parse(readFileSync(file, 'utf8')) as Results)))
else await main()

async function main(): Promise<void> {
  const load = new Load()
  let interrupted = false
  let cleaned: Promise<void> | undefined
  // Once: a signal comes in the middle of the work, which then fails and asks for the same.
  const cleanUp = () => (cleaned ??= stopAll().then(dropAll))
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const) {
    process.once(signal, () => {
      interrupted = true
      void cleanUp().then(
        () => process.exit(code),
        (error: unknown) => {
          console.error(error)
          process.exit(1)
        },
      )
    })
  }
  try {
    const results = await runAll(load)
    if (results.results.length === 0) {
      console.error('There is nothing to measure: see --help.')
      process.exitCode = 1
      return
    }
    const folder = fileURLToPath(new URL('results', import.meta.url))
    mkdirSync(folder, { recursive: true })
    writeFileSync(`${folder}/latest.json`, `${JSON.stringify(results, null, 2)}\n`)
    show(results)
    if (results.problems.length > 0) process.exitCode = 1
  } catch (error) {
    process.exitCode = 1
    if (!interrupted) console.error(error)
  } finally {
    await cleanUp()
    load.stop()
  }
}

function show(results: Results): void {
  console.log(table(results))
  const found = alarms(results)
  if (found.length > 0) console.log(`\n${found.join('\n')}`)
  if (options['write-docs']) writeDocs(results, fileURLToPath(new URL('../docs', import.meta.url)))
}

async function runAll(load: Load): Promise<Results> {
  const settings = readSettings()
  const mysqlUrl = options['database-url'] ?? process.env['TEST_DATABASE_URL']
  const targets = [...(options['skip-sqlite'] ? [] : [undefined]), ...(mysqlUrl ? [mysqlUrl] : [])]
  const say = (text: string) => console.error(text)
  const all: Results = {
    date: new Date().toISOString(),
    machine: {
      cpu: cpus()[0]?.model.trim() ?? 'unknown',
      cores: cpus().length,
      memory_gb: Math.round(totalmem() / 2 ** 30),
      system: `${platform()} ${release()} ${arch()}`,
    },
    node: process.versions.node,
    settings,
    databases: [],
    results: [],
    problems: [],
  }
  for (const serverUrl of targets) {
    const server = await describeServer(serverUrl)
    all.databases.push(server)
    const kind = serverUrl === undefined ? 'sqlite' : 'mysql'
    const database = String(server['name'])
    const bench = { kind, database, settings, load, say, problems: all.problems, serverUrl } as const
    const hasBinaryLog = Number(server['log_bin']) === 1 && Number(server['sync_binlog']) === 1
    for (const scenario of scenarios(settings, hasBinaryLog)) {
      const measurements = scenario.measurements.filter(({ name, connections }) =>
        `${scenario.name}: ${name}, ${connections} connections`.includes(options.only ?? ''),
      )
      if (measurements.length === 0 || (scenario.only && scenario.only !== kind)) continue
      all.results.push(...(await runScenario(bench, { ...scenario, measurements })))
    }
    if ('live'.includes(options.only ?? '')) all.results.push(...(await runLive(bench, options.quick ?? false)))
    if ('jobs'.includes(options.only ?? '')) all.results.push(...(await runJobs(bench, options.quick ?? false)))
  }
  return all
}

function readSettings(): Settings {
  const { quick, full } = options
  const number = (name: 'rounds' | 'seconds', fallback: number, most: number) => {
    const value = Number(options[name] ?? fallback)
    if (!(value >= 1 && value <= most)) throw new Error(`--${name} must be from 1 to ${most}`)
    return value
  }
  return {
    rounds: Math.round(number('rounds', quick ? 2 : 3, rounds_max)),
    seconds: number('seconds', quick ? 1 : 4, seconds_max),
    warm_s: quick ? 0.5 : 1,
    warm_first_s: quick ? 0.5 : 3,
    growth: [1_000, quick ? 100_000 : 1_000_000, ...(full ? [10_000_000] : [])],
  }
}
