import type { Database } from './db/database.ts'
import type { FileStore } from './lib/file-store.ts'
import type { Mailer } from './lib/mail.ts'
import type { Signer } from './lib/signer.ts'

/** What use cases are given: the world outside, so that a test can give another one. */
export type Deps = Readonly<{
  database: Database
  /** The time by this server's clock. */
  now: () => Date
  /** Draws a ticket code; the unique index has the last word on it. */
  newCode: () => string
  /** Hashes a password, off the main thread. */
  hashPassword: (password: string) => Promise<string>
  /** Whether this is the password that was hashed. */
  verifyPassword: (password: string, hash: string) => Promise<boolean>
  /** Signs tickets and links. */
  signer: Signer
  /** By which mails leave the house. */
  mailer: Mailer
  /** Where uploaded pictures are kept. */
  files: FileStore
  /** Where people reach this server, without a slash at the end; what mails link to. */
  publicUrl: () => string
  /** Tells this server's worker that something may be due. After the commit: before it there is nothing to see. */
  wake: () => void
}>
