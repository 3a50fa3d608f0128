import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createConnection } from 'mysql2/promise'

export const hasMariaDb = isInstalled('mariadbd')

/** A MariaDB server of the test's own, on a folder and a port of its own, to be killed, frozen and started again. */
export type PrivateMariaDb = {
  url: string
  port: number
  /** Starts it again after it was killed, and waits until it answers. */
  start: () => Promise<void>
  kill: (signal: NodeJS.Signals) => void
  /** Resolves when the process has ended. */
  ended: () => Promise<void>
  remove: () => Promise<void>
}

export async function privateMariaDb(options: readonly string[] = []): Promise<PrivateMariaDb> {
  const folder = mkdtempSync(join(tmpdir(), 'karcis-mariadb-'))
  const user = userInfo().username
  const port = await freePort()
  const common = ['--no-defaults', `--user=${user}`, `--datadir=${folder}/data`]
  execFileSync('mariadb-install-db', [...common, '--auth-root-authentication-method=normal'], { stdio: 'ignore' })
  let child: ChildProcess
  let ended: Promise<void>

  async function start(): Promise<void> {
    child = spawn(
      'mariadbd',
      [
        ...common,
        `--socket=${folder}/s.sock`,
        `--pid-file=${folder}/pid`,
        '--bind-address=127.0.0.1',
        `--port=${port}`,
        '--innodb-buffer-pool-size=128M',
        ...options,
      ],
      { stdio: 'ignore' },
    )
    ended = new Promise((resolve) => child.on('exit', () => resolve()))
    for (let tries = 0; ; tries++) {
      try {
        const connection = await createConnection({ socketPath: `${folder}/s.sock`, user: 'root' })
        await connection.query("delete from mysql.global_priv where user = ''")
        await connection.query("create user if not exists karcis@'%' identified by 'karcis'")
        await connection.query("grant all on *.* to karcis@'%'")
        await connection.query('flush privileges')
        await connection.query('create database if not exists karcis character set utf8mb4')
        await connection.end()
        return
      } catch (error) {
        if (tries > 200) throw error
        await sleep(100)
      }
    }
  }

  await start()
  return {
    url: `mysql://karcis:karcis@127.0.0.1:${port}/karcis`,
    port,
    start,
    kill: (signal) => void child.kill(signal),
    ended: () => ended,
    async remove() {
      child.kill('SIGCONT')
      child.kill('SIGKILL')
      await ended
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function isInstalled(program: string): boolean {
  try {
    execFileSync('which', [program], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

export function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}
