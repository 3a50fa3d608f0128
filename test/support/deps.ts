import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import type { Database } from '../../src/db/database.ts'
import type { Deps } from '../../src/deps.ts'
import type { FileStore } from '../../src/lib/file-store.ts'
import { openSigner } from '../../src/features/signatures/signer.ts'
import { newTicketCode } from '../../src/lib/codes.ts'

/** Hashing for real would make up most of a run. */
const quickHash = (password: string) => `$2b$10$${createHash('sha256').update(password).digest('hex').slice(0, 53)}`

/** What use cases are given in a test: a real database, and the world outside without its delays. */
export function testDeps(database: Database, overrides: Partial<Deps> = {}): Deps {
  const now = overrides.now ?? (() => new Date())
  return {
    database,
    now,
    newCode: newTicketCode,
    hashPassword: async (password) => quickHash(password),
    verifyPassword: async (password, hash) => quickHash(password) === hash,
    signer: openSigner(database, now),
    mailer: { send: async () => {}, close: () => {} },
    files: memoryFiles(),
    publicUrl: () => 'http://tickets.test',
    wake: () => {},
    ...overrides,
  }
}

/** A place for files that is gone with the test. */
export function memoryFiles(): FileStore & { names: () => string[] } {
  const kept = new Map<string, Buffer>()
  return {
    names: () => [...kept.keys()].toSorted(),
    put: async (name, bytes) => void kept.set(name, bytes),
    open: async (name) => {
      const bytes = kept.get(name)
      return bytes && { stream: Readable.from([bytes]), bytes: bytes.length }
    },
    remove: async (name) => void kept.delete(name),
  }
}
