import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from './private-mariadb.ts'

export const hasRedis = isInstalled()

/** A Redis server of the test's own, to be killed, frozen and started again. */
export type PrivateRedis = {
  url: string
  /** Starts it (again), empty, and waits until it answers. */
  start: () => Promise<void>
  /** Sends the signal; after one that ends it, waits for the end. */
  kill: (signal: NodeJS.Signals) => Promise<void>
  remove: () => Promise<void>
}

/** Not started yet. */
export async function privateRedis(): Promise<PrivateRedis> {
  const folder = mkdtempSync(join(tmpdir(), 'karcis-redis-'))
  const port = await freePort()
  let child: ChildProcess | undefined
  let ended = Promise.resolve()

  async function start(): Promise<void> {
    const where = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder]
    child = spawn('redis-server', [...where, '--save', '', '--appendonly', 'no'], { stdio: 'ignore' })
    ended = new Promise((resolve) => child!.on('exit', () => resolve()))
    for (let tries = 0; !(await answers(port)); tries++) {
      if (tries > 100) throw new Error('redis-server does not start')
      await sleep(50)
    }
  }

  return {
    url: `redis://127.0.0.1:${port}`,
    start,
    async kill(signal) {
      child?.kill(signal)
      if (signal === 'SIGKILL' || signal === 'SIGTERM') await ended
    },
    async remove() {
      child?.kill('SIGKILL')
      await ended
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'))
    socket.on('data', () => (resolve(true), socket.destroy()))
    socket.on('error', () => resolve(false))
  })
}

function isInstalled(): boolean {
  try {
    execFileSync('which', ['redis-server'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
