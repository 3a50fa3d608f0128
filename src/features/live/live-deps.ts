import type { Logger } from 'pino'
import type { Accounts } from '../accounts/accounts.ts'
import type { Clients } from './clients.ts'
import type { Live } from './live.ts'

/** What the ways to live updates share. */
export type LiveDeps = Readonly<{
  live: Live
  accounts: Accounts
  clients: Clients
  log: Logger
  /** Whether the server runs without accounts. */
  open: boolean
  cors_origins: readonly string[]
  publicUrl: () => string
}>

/** A client that has so much yet to read is too slow, and cut off. */
export const buffered_bytes_max = 512 * 1_024

const retry_ms_min = 500
const retry_ms_max = 5_000

/** When to come back, so that those whom a stop sends away don't do it all at once. */
export const retryMs = () => Math.round(retry_ms_min + Math.random() * (retry_ms_max - retry_ms_min))
