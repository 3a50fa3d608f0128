import { spawn, type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))

export type Running = {
  process: ChildProcess
  /** Everything that it printed. */
  output: () => string
  /** Sends the signal and waits for the end; the exit code, or null if a signal ended it. */
  stop: (signal?: NodeJS.Signals) => Promise<number | null>
}
export type Server = Running & { url: string }

const running = new Set<ChildProcess>()

/** For `after`: servers that a failed test leaves behind would keep its process alive. */
export function killLeftovers(): void {
  for (const child of running) child.kill('SIGKILL')
}

/** A real server process on a port of its own; of another version, if `code` says where its code is. */
export async function startServer(
  databaseUrl: string,
  env: Record<string, string> = {},
  code: string = root,
): Promise<Server> {
  const { child, output, ended } = spawnNode('karcis.js', ['serve'], { DATABASE_URL: databaseUrl, PORT: '0', ...env }, code) // prettier-ignore
  const url = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line.includes('"listening"')) resolve((JSON.parse(line) as { url: string }).url)
    })
    void ended.then((code) => reject(new Error(`the server ended with ${code}: ${output()}`)))
  })
  return {
    // One address, or the client tries ::1 first each time.
    url: url.replace('localhost', '127.0.0.1'),
    process: child,
    output,
    stop: (signal = 'SIGTERM') => {
      child.kill(signal)
      return ended
    },
  }
}

/** A real process of one of our files, such as karcis.js with a command. */
export function startProcess(file: string, args: string[], env: Record<string, string> = {}): Running {
  const { child, output, ended } = spawnNode(file, args, env)
  return {
    process: child,
    output,
    stop: (signal = 'SIGTERM') => {
      child.kill(signal)
      return ended
    },
  }
}

/** Runs one command of the command line to its end. */
export async function runCommand(
  command: string,
  env: Record<string, string> = {},
): Promise<{ code: number | null; output: string }> {
  const { output, ended } = run(command, env)
  const code = await ended
  return { code, output: output() }
}

const run = (command: string, env: Record<string, string>) => spawnNode('karcis.js', [command], env)

function spawnNode(file: string, args: string[], env: Record<string, string>, code: string = root) {
  const child = spawn(process.execPath, [`${code}/${file}`, ...args], {
    // A folder without .env, and none of the settings of whoever runs the tests.
    cwd: env['CWD'] ?? '/',
    // All load comes from one address here, and the machine may be busy with other tests: who tests limits switches them on.
    env: { PATH: process.env['PATH'], LOG_FORMAT: 'json', RATE_LIMIT: 'off', AUTH: 'off', SHED_WAIT_MS: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  running.add(child)
  child.on('close', () => running.delete(child))
  let text = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (text += chunk.toString()))
  const ended = new Promise<number | null>((resolve) => child.on('close', (code) => resolve(code)))
  return { child, ended, output: () => text }
}

/** One HTTP call; status and parsed body. */
export async function http(
  method: string,
  url: string,
  body?: unknown,
  headers: Record<string, string> = {},
  // oxlint-disable-next-line typescript/no-explicit-any -- a test looks at what it expects, and fails where it is not
): Promise<{ status: number; body: any }> {
  const answer = await fetch(url, {
    method,
    headers: { ...headers, ...(body !== undefined && { 'content-type': 'application/json' }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  return { status: answer.status, body: await answer.json() }
}
