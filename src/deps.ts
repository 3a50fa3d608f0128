import type { Database } from './db/database.ts'

/** What use cases are given: the world outside, so that a test can give another one. */
export type Deps = Readonly<{
  database: Database
  /** The time by this server's clock. */
  now: () => Date
  /** Draws a ticket code; the unique index has the last word on it. */
  newCode: () => string
  /** Hashes a password, off the main thread. */
  hashPassword: (password: string) => Promise<string>
}>
