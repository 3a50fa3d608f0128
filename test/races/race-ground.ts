import { databaseTargetFromUrl } from '../../src/config.ts'
import { openDatabase } from '../../src/db/database.ts'
import { createEmptyDatabase, onSqlite } from '../support/database.ts'
import { testDeps } from '../support/deps.ts'
import { factories } from '../support/factories.ts'
import { http, startServer } from '../support/servers.ts'

/**
 * Several real server processes on one database, and a connection of our own to look at it:
 * three servers on MySQL; two on SQLite, where sharing a file is rare, but must be right.
 */
export async function raceGround() {
  const { url, drop } = await createEmptyDatabase()
  const servers = await Promise.all(Array.from({ length: onSqlite ? 2 : 3 }, () => startServer(url)))
  const database = await openDatabase(databaseTargetFromUrl(url), 5)
  const make = factories(testDeps(database))
  /** The n-th call goes to the n-th server, around and around. */
  const call = (n: number, method: string, path: string, body?: unknown) =>
    http(method, `${servers[n % servers.length]!.url}${path}`, body)
  return {
    servers,
    database,
    make,
    call,
    post: (n: number, path: string, body: unknown) => call(n, 'POST', path, body),
    async close() {
      await Promise.all(servers.map(({ stop }) => stop()))
      await database.close()
      await drop()
    },
  }
}
