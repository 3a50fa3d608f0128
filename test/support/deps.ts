import { createHash } from 'node:crypto'
import type { Database } from '../../src/db/database.ts'
import type { Deps } from '../../src/deps.ts'
import { newTicketCode } from '../../src/lib/codes.ts'

/** Hashing for real would make up most of a run. */
const quickHash = (password: string) => `$2b$10$${createHash('sha256').update(password).digest('hex').slice(0, 53)}`

/** What use cases are given in a test: a real database, and the world outside without its delays. */
export function testDeps(database: Database, overrides: Partial<Deps> = {}): Deps {
  return {
    database,
    now: () => new Date(),
    newCode: newTicketCode,
    hashPassword: async (password) => quickHash(password),
    verifyPassword: async (password, hash) => quickHash(password) === hash,
    deliver: () => {},
    wake: () => {},
    ...overrides,
  }
}
