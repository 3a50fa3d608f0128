import type { Logger } from 'pino'
import { inTransaction } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import { count, observe } from '../../lib/metrics.ts'
import { toTimestamp, type Timestamp } from '../../lib/time.ts'
import { traced } from '../../lib/tracing.ts'
import {
  deleteClaimed,
  leaseMessages,
  lockDue,
  updateClaimed,
  updateMessage,
  type Claim,
  type Lane,
} from './outbox.sql.ts'

/** All of a batch run at once: what waited behind others would use up its lease. */
const batch_max = 8
const lease_ms = 60_000
/** Well within the lease, so that what is under way here is not begun elsewhere. */
const handler_ms_max = 30_000
const attempts_max = 12
const backoff_ms = 1_000
const backoff_ms_max = 600_000
const later_ms_min = 1_000
/** Soon enough that a newer server comes by. */
const unknown_ms = 15_000
const error_length_max = 500

/**
 * Does what a message asks for. It may run twice for one message, and a time-out does not end it, so it must be safe
 * to repeat and have shorter time-outs of its own. Whatever it throws is kept for people to read: no secrets.
 */
export type Handler = (
  payload: unknown,
  message: Readonly<{ id: number; key: string; attempts: number }>,
) => Promise<void>

/** By the kind of message. */
export type Handlers = Readonly<Record<string, Handler>>

/** Thrown by a handler whose time has not come: run again at that moment, and not counted as a failure. */
export class TryLater extends Error {
  override name = 'TryLater'
  readonly at: Timestamp

  constructor(at: Timestamp) {
    super(`not before ${at}`)
    this.at = at
  }
}

type Outbox = { deps: Deps; handlers: Handlers; log: Logger; limits: { handler_ms_max: number } }

/**
 * Runs one batch of messages that are due, of one lane or of all, and returns how many they were. Each is claimed by a lease: until that
 * ends nobody else runs it, and if this process dies, somebody does then.
 *
 * @throws DomainError `server_busy` or `database_unavailable`; what it had claimed comes again by itself
 */
export async function runOutbox(
  deps: Deps,
  handlers: Handlers,
  log: Logger,
  { lane, ...limits }: { lane?: Lane | undefined; handler_ms_max?: number } = {},
): Promise<number> {
  const { count, claims } = await claimDue(deps, log, lane)
  const outbox = { deps, handlers, log, limits: { handler_ms_max, ...limits } }
  const ends = await Promise.allSettled(claims.map((claim) => perform(outbox, claim)))
  const failed = ends.find((end) => end.status === 'rejected')
  if (failed) throw failed.reason
  return count
}

async function claimDue(
  { database, now }: Deps,
  log: Logger,
  lane: Lane | undefined,
): Promise<{ count: number; claims: Claim[] }> {
  const at = now()
  const run_at = after(at, lease_ms)
  const { due, spent } = await inTransaction(database, async (tx) => {
    const found = await lockDue(tx, database.dialect, toTimestamp(at), batch_max, lane)
    const due = found.filter(({ attempts }) => attempts < attempts_max)
    // Whoever had the last attempt died of it, or with it.
    const spent = found.filter(({ attempts }) => attempts >= attempts_max)
    const ids = due.map(({ id }) => id)
    if (ids.length > 0) await leaseMessages(tx, ids, run_at)
    for (const { id } of spent) await updateMessage(tx, id, dead(at, 'its last attempt never ended'))
    return { due, spent }
  })
  for (const message of spent) log.error(named(message), 'a message is dead: its last attempt never ended')
  return {
    count: due.length + spent.length,
    claims: due.map((message) => Object.assign(message, { attempts: message.attempts + 1, run_at })),
  }
}

async function perform(outbox: Outbox, claim: Claim): Promise<void> {
  // A newer server may have put there what this one has no name for.
  const kind = Object.hasOwn(outbox.handlers, claim.kind) ? claim.kind : 'unknown'
  const origin = { parent: claim.traceparent ?? undefined }
  const { id, attempts } = claim
  await traced(`outbox ${kind}`, { message_id: id, attempts }, () => performAs(outbox, claim, kind), origin)
}

async function performAs(outbox: Outbox, claim: Claim, kind: string): Promise<void> {
  const { database } = outbox.deps
  const began_ms = performance.now()
  const ended = () => observe('karcis_outbox_handler_seconds', { kind }, (performance.now() - began_ms) / 1_000)
  try {
    await handle(outbox, claim).finally(ended)
  } catch (error) {
    const outcome = await putOff(outbox, claim, error)
    return count('karcis_outbox_handled_total', { kind, outcome })
  }
  await inTransaction(database, (tx) => deleteClaimed(tx, claim))
  count('karcis_outbox_handled_total', { kind, outcome: 'done' })
}

async function handle({ deps, handlers, log, limits }: Outbox, claim: Claim): Promise<void> {
  const { kind, payload, id, key, attempts } = claim
  const handler = Object.hasOwn(handlers, kind) ? handlers[kind] : undefined
  if (!handler) {
    if (isNews(handlers, kind)) log.warn(named(claim), 'messages of this kind are left to a newer server')
    throw new TryLater(after(deps.now(), unknown_ms))
  }
  let timer: NodeJS.Timeout | undefined
  const tooLate = new Promise<never>((_, reject) => {
    const late = () => reject(new Error(`no end after ${limits.handler_ms_max} ms`))
    timer = setTimeout(late, limits.handler_ms_max)
  })
  const work = (async () => handler(JSON.parse(payload), { id, key, attempts }))()
  await Promise.race([work, tooLate]).finally(() => clearTimeout(timer))
}

const unknownKinds = new WeakMap<Handlers, Set<string>>()

/** Whether these handlers meet a kind that they don't know for the first time: it is told once. */
function isNews(handlers: Handlers, kind: string): boolean {
  const met = unknownKinds.get(handlers) ?? new Set()
  unknownKinds.set(handlers, met)
  return met.size < met.add(kind).size
}

/** What became of it: `later`, `failed` or `dead`. */
async function putOff({ deps, log }: Outbox, claim: Claim, error: unknown): Promise<string> {
  const { attempts } = claim
  const now = deps.now()
  const set = (changes: Parameters<typeof updateClaimed>[2]) =>
    inTransaction(deps.database, (tx) => updateClaimed(tx, claim, changes))

  if (error instanceof TryLater) {
    const soonest = after(now, later_ms_min)
    await set({ run_at: error.at > soonest ? error.at : soonest, attempts: attempts - 1 })
    return 'later'
  }
  const last_error = String(error).slice(0, error_length_max).toWellFormed()
  if (attempts >= attempts_max) {
    log.error({ ...named(claim), err: error }, 'a message is dead: it failed too often')
    await set(dead(now, last_error))
    return 'dead'
  }
  log.warn({ ...named(claim), err: error }, 'a message failed, and will be tried again')
  // Full jitter: what failed together should not come again together.
  const wait_ms = Math.random() * Math.min(backoff_ms_max, backoff_ms * 2 ** attempts)
  await set({ run_at: after(now, wait_ms), last_error })
  return 'failed'
}

const after = (moment: Date, ms: number): Timestamp => toTimestamp(new Date(moment.getTime() + ms))
const dead = (at: Date, last_error: string) => ({ run_at: null, dead_at: toTimestamp(at), last_error })
const named = ({ id, kind, key, attempts }: Pick<Claim, 'id' | 'kind' | 'key' | 'attempts'>) => ({
  message_id: id,
  kind,
  key,
  attempts,
})
