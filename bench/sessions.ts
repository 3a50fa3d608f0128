import { createSecretKey, randomBytes } from 'node:crypto'
import { accessTokens } from '../src/features/accounts/access-tokens.ts'
import { newId } from '../src/features/accounts/tokens.ts'
import { toTimestamp } from '../src/lib/time.ts'
import { insertNumbered, at, users } from './books.ts'
import type { Sql } from './databases.ts'

const sessionOf = (user: number | string) => `bench session ${user}`

/** As long as this they are used again, as clients do: each is verified once. They hold for 15 minutes. */
const kept_ms = 4 * 60_000

/** Access tokens by the ids of the users, good for the longest round. */
export type SignTokens = () => Promise<string[]>

/**
 * Signs everybody in without their passwords, which would have to be hashed one by one: puts a session for each into
 * the tables, and a key to sign with, by which Karcis then verifies tokens as it does its own.
 */
export async function openSessions(sql: Sql): Promise<SignTokens> {
  const now = new Date()
  const secret = randomBytes(32).toString('hex')
  const key = { id: newId(), key: createSecretKey(secret, 'hex') }
  await sql.all(
    `insert into signing_key (id, secret, created_at) values ('${key.id}', '${secret}', '${toTimestamp(now)}')`,
  )
  await insertNumbered(sql, users, 'session (id, user_id, created_at, expires_at)', [
    `concat('${sessionOf('')}', i), i, ${at}, '2099-12-31 19:00:00'`,
  ])
  const { sign } = accessTokens({ current: async () => key, find: async () => key.key }, () => new Date())
  let tokens: string[] = []
  let signed_at = -Infinity
  return async () => {
    if (performance.now() - signed_at > kept_ms) {
      const everyone = Array.from({ length: users }, (_, index) => index + 1)
      tokens = ['', ...(await Promise.all(everyone.map((user) => sign(user, sessionOf(user)))))]
      signed_at = performance.now()
    }
    return tokens
  }
}
