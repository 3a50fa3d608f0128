import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect, createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { BareAnswer } from './bare.ts'

const start_ms_max = 30_000
const stop_ms_max = 15_000
const migrate_ms_max = 60_000

export type Server = { url: string; process: ChildProcess }

const running = new Set<ChildProcess>()
let stopping = false

/**
 * Karcis as an operator starts it: JSON logs at info, and accounts unless it is for comparison. Nobody reads the logs
 * here, which costs it nothing.
 */
export async function startKarcis(databaseUrl: string, auth: 'on' | 'off' = 'on'): Promise<Server> {
  // Production insists on accounts.
  const mode = auth === 'on' ? 'production' : 'development'
  return start([path('../karcis.js'), 'serve'], { DATABASE_URL: databaseUrl, AUTH: auth, NODE_ENV: mode })
}

/** One that is to be paid; the sandbox, which nobody visits here, is not for production. */
export async function startSellingKarcis(databaseUrl: string): Promise<Server> {
  const env = { DATABASE_URL: databaseUrl, NODE_ENV: 'development', SANDBOX_PAYMENTS: 'on' }
  return start([path('../karcis.js'), 'serve'], env)
}

/** Makes Karcis's tables, with no server running on them. */
export async function migrate(databaseUrl: string): Promise<void> {
  const env = { ...karcisEnv, DATABASE_URL: databaseUrl }
  const options = { cwd: tmpdir(), env, timeout: migrate_ms_max }
  await promisify(execFile)(process.execPath, [path('../karcis.js'), 'migrate'], options)
}

/** See bare.ts. */
export async function startBare(): Promise<Server> {
  return start([path('bare.ts')], {})
}

/** See baseline.ts. */
export async function startBaseline(databaseUrl: string): Promise<Server> {
  return start([path('baseline.ts')], { DATABASE_URL: databaseUrl })
}

/** What the bare server answers from now on. */
export async function setBareAnswer({ process }: Server, answer: BareAnswer): Promise<void> {
  const isSet = once(process, 'message')
  process.send(answer)
  await isSet
}

export async function stop({ process }: Server): Promise<void> {
  await end(process)
}

/** Ends whatever still runs, and lets nothing start any more. */
export async function stopAll(): Promise<void> {
  stopping = true
  await Promise.all([...running].map(end))
}

/** Memory in use now, in bytes; undefined where there is no /proc. */
export function memoryOf({ process }: Server): number | undefined {
  try {
    const kib = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${process.pid}/status`, 'utf8'))?.[1]
    return kib === undefined ? undefined : Number(kib) * 1_024
  } catch {
    return undefined
  }
}

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url))

/** None of the settings of whoever runs the bench; and started in a folder without .env. */
const karcisEnv = {
  PATH: process.env['PATH'],
  HOST: '127.0.0.1',
  LOG_LEVEL: 'info',
  LOG_FORMAT: 'json',
  NODE_ENV: 'production',
  // Each booking has its mail: what is measured here is how it is made, not what is done about it afterwards.
  WORKER: 'off',
  // All load comes from one address: its requests are counted, as they are in production, but none is one too many.
  RATE_LIMIT_BOOKING: '999999999/60',
  RATE_LIMIT_DOOR: '999999999/60',
  RATE_LIMIT_READ: '999999999/60',
  RATE_LIMIT_WRITE: '999999999/60',
  RATE_LIMIT_LOGIN: '999999999/60',
}

async function start(args: string[], env: Record<string, string>): Promise<Server> {
  if (stopping) throw new Error('the bench is stopping')
  const port = await freePort()
  const child = spawn(process.execPath, args, {
    cwd: tmpdir(),
    env: { ...karcisEnv, PORT: String(port), ...env },
    // A group of its own: Ctrl-C reaches the bench, which then stops its servers in order.
    detached: true,
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  running.add(child)
  child.once('exit', () => running.delete(child))
  for (const deadline = Date.now() + start_ms_max; !(await accepts(port)); await sleep(20)) {
    if (child.exitCode !== null) throw new Error(`${args.join(' ')} ended with ${child.exitCode}`)
    if (Date.now() > deadline) throw new Error(`${args.join(' ')} does not listen`)
  }
  return { url: `http://127.0.0.1:${port}`, process: child }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), stop_ms_max)
  await ended
  clearTimeout(timer)
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  return new Promise((resolve) => {
    socket.once('connect', () => resolve(true))
    socket.once('error', () => resolve(false))
  }).finally(() => socket.destroy()) as Promise<boolean>
}
