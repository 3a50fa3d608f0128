/**
 * `npm run test:postman`: runs the collection with newman, on a server of its own with an empty database, or on the
 * one that BASE_URL names.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startServer } from '../test/support/servers.ts'

type Report = { run: { stats: { assertions: { total: number; failed: number } }; failures: unknown[] } }

const request_ms_max = 30_000
const run_ms_max = 300_000

const root = fileURLToPath(new URL('..', import.meta.url))
const newman = join(root, 'postman/node_modules/newman/bin/newman.js')

const work = mkdtempSync(join(tmpdir(), 'karcis-postman-'))
try {
  if (!existsSync(newman)) await install()
  const baseUrl = process.env['BASE_URL']?.trim().replace(/\/+$/, '')
  if (!(baseUrl ? await runOn(baseUrl) : await runOnOwnServer())) process.exitCode = 1
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

async function runOnOwnServer(): Promise<boolean> {
  const server = await startServer('', { DATA_DIR: join(work, 'data'), LOG_FORMAT: 'json' })
  let passed = false
  try {
    passed = await runOn(server.url)
  } finally {
    await server.stop()
    if (!passed) printWarnings(server.output())
  }
  return passed
}

/** Whether every assertion held, and there was one. */
async function runOn(baseUrl: string): Promise<boolean> {
  const file = join(work, 'report.json')
  const collection = join(root, 'postman/karcis.postman_collection.json')
  const output = ['--reporters', 'cli,json', '--reporter-json-export', file]
  const brief = ['--reporter-cli-no-banner', '--reporter-cli-no-success-assertions']
  const args = ['run', collection, '--env-var', `base_url=${baseUrl}`, ...output, ...brief]
  const limits = ['--timeout', String(run_ms_max), '--timeout-request', String(request_ms_max)]
  const code = await ended(
    spawn(process.execPath, ['--no-deprecation', newman, ...args, ...limits], { stdio: 'inherit' }),
  )
  if (!existsSync(file)) {
    console.error(`postman: newman ended with ${code} and left no report`)
    return false
  }
  const { stats, failures } = (JSON.parse(readFileSync(file, 'utf8')) as Report).run
  const { total, failed } = stats.assertions
  console.log(`postman: ${total} assertions, ${failed} failed`)
  return code === 0 && total > 0 && failed === 0 && failures.length === 0
}

/** What the server logged at warn or above. */
function printWarnings(log: string): void {
  for (const line of log.split('\n')) if (/"level":"(warn|error|fatal)"/.test(line)) console.error(line)
}

/** The exit code. One who interrupts us ends the child, and still gets the server stopped and the folder removed. */
async function ended(child: ChildProcess): Promise<number | null> {
  const stop = () => child.kill()
  const signals = ['SIGINT', 'SIGTERM'] as const
  for (const signal of signals) process.on(signal, stop)
  try {
    const [code] = (await once(child, 'exit')) as [number | null]
    return code
  } finally {
    for (const signal of signals) process.off(signal, stop)
  }
}
