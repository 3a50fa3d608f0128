/**
 * `npm run test:postman`: runs the collection with newman, on servers of its own with empty databases, with accounts and
 * without, and those that sell also where payments are made in the sandbox; or on the server that BASE_URL names, with
 * the admin of ADMIN_EMAIL and ADMIN_PASSWORD.
 */
import { randomBytes } from 'node:crypto'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startServer } from '../test/support/servers.ts'

type Switch = 'on' | 'off'
/** With or without accounts, and with or without somebody to pay. */
type Mode = { auth: Switch; sandbox: Switch }
type Admin = { email: string; password: string }
type Run = { passed: boolean; output: string; summary: string }
type Report = { run: { stats: { assertions: { total: number; failed: number } }; failures: unknown[] } }

const request_ms_max = 30_000
const run_ms_max = 300_000
/** All that goes where bookings must be paid: version 1 shows no more of a payment than that it is awaited. */
const sandbox_folders = ['8 Selling for money', '9 Tickets in the hand and at the door']

const root = fileURLToPath(new URL('..', import.meta.url))
const newman = join(root, 'postman/node_modules/newman/bin/newman.js')

const modes: readonly Mode[] = [
  { auth: 'on', sandbox: 'off' },
  { auth: 'off', sandbox: 'off' },
  { auth: 'on', sandbox: 'on' },
  { auth: 'off', sandbox: 'on' },
]

const work = mkdtempSync(join(tmpdir(), 'karcis-postman-'))
try {
  if (!existsSync(newman)) await install()
  const { BASE_URL, AUTH, SANDBOX_PAYMENTS, ADMIN_EMAIL = '', ADMIN_PASSWORD = '' } = process.env
  const baseUrl = BASE_URL?.trim().replace(/\/+$/, '')
  const given = { email: ADMIN_EMAIL, password: ADMIN_PASSWORD }
  const asGiven = (value: string | undefined, initial: Switch) => (value === 'on' || value === 'off' ? value : initial)
  const mode = { auth: asGiven(AUTH, 'on'), sandbox: asGiven(SANDBOX_PAYMENTS, 'off') }
  const runs = await Promise.all(baseUrl ? [runOn(baseUrl, mode, given)] : modes.map(runOnOwnServer))
  // What failed comes last, where it is seen.
  for (const { output } of runs.toSorted((a, b) => Number(b.passed) - Number(a.passed))) console.log(output)
  for (const { summary } of runs) console.log(summary)
  if (runs.some(({ passed }) => !passed)) process.exitCode = 1
} finally {
  rmSync(work, { recursive: true, force: true, maxRetries: 5 })
}

async function install(): Promise<void> {
  console.log('Installing newman into postman/ …')
  // Through a shell, since npm is npm.cmd on Windows.
  const code = await ended(
    spawn('npm ci --prefix postman --no-audit --no-fund --loglevel=error', {
      cwd: root,
      stdio: 'inherit',
      shell: true,
    }),
  )
  if (code !== 0) throw new Error(`npm ci in postman/ ended with ${code}`)
}

async function runOnOwnServer(mode: Mode): Promise<Run> {
  const admin = { email: 'admin@example.com', password: randomBytes(12).toString('hex') }
  const server = await startServer('', {
    AUTH: mode.auth,
    SANDBOX_PAYMENTS: mode.sandbox,
    ADMIN_EMAIL: admin.email,
    ADMIN_PASSWORD: admin.password,
    DATA_DIR: join(work, `data-${nameOf(mode)}`),
    LOG_FORMAT: 'json',
  })
  try {
    const run = await runOn(server.url, mode, admin)
    return run.passed ? run : { ...run, output: `${run.output}${warningsOf(server.output())}` }
  } finally {
    await server.stop()
  }
}

/** Whether every assertion held, and there was one. */
async function runOn(baseUrl: string, mode: Mode, admin: Admin): Promise<Run> {
  const file = join(work, `report-${nameOf(mode)}.json`)
  const collection = join(root, 'postman/karcis.postman_collection.json')
  const reporters = ['--reporters', 'cli,json', '--reporter-json-export', file]
  const brief = ['--reporter-cli-no-banner', '--reporter-cli-no-success-assertions']
  const variables = { base_url: baseUrl, ...mode, admin_email: admin.email, admin_password: admin.password }
  const given = Object.entries(variables).flatMap(([name, value]) => ['--env-var', `${name}=${value}`])
  const folders = mode.sandbox === 'on' ? sandbox_folders.flatMap((name) => ['--folder', name]) : []
  const args = ['run', collection, ...folders, ...given, ...reporters, ...brief]
  const limits = ['--timeout', String(run_ms_max), '--timeout-request', String(request_ms_max)]
  // Kept until the end: two runs at once would write into each other's lines.
  const child = spawn(process.execPath, ['--no-deprecation', newman, ...args, ...limits], { stdio: 'pipe' })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()))
  const code = await ended(child)
  if (!existsSync(file)) {
    return { passed: false, output, summary: `postman, ${nameOf(mode)}: newman ended with ${code} and left no report` }
  }
  const { stats, failures } = (JSON.parse(readFileSync(file, 'utf8')) as Report).run
  const { total, failed } = stats.assertions
  const passed = code === 0 && total > 0 && failed === 0 && failures.length === 0
  return { passed, output, summary: `postman, ${nameOf(mode)}: ${total} assertions, ${failed} failed` }
}

/** What the server logged at warn or above. */
function warningsOf(log: string): string {
  return log
    .split('\n')
    .filter((line) => /"level":"(warn|error|fatal)"/.test(line))
    .join('\n')
}

/** The exit code. One who interrupts us ends the child, and still gets the server stopped and the folder removed. */
async function ended(child: ChildProcess): Promise<number | null> {
  const stop = () => child.kill()
  const signals = ['SIGINT', 'SIGTERM'] as const
  for (const signal of signals) process.on(signal, stop)
  try {
    const [code] = (await once(child, 'close')) as [number | null]
    return code
  } finally {
    for (const signal of signals) process.off(signal, stop)
  }
}

function nameOf({ auth, sandbox }: Mode): string {
  return `AUTH=${auth}${sandbox === 'on' ? ' SANDBOX_PAYMENTS=on' : ''}`
}
