import { setImmediate as yieldToOthers, setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import { reading, refusalOf } from './db/transaction.ts'
import type { Deps } from './deps.ts'
import type { Chore } from './features/outbox/chore.ts'
import { findNextRun, type Lane } from './features/outbox/outbox.sql.ts'
import { runOutbox, type Handlers } from './features/outbox/run-outbox.ts'
import { DomainError } from './lib/errors.ts'
import { dateOf } from './lib/time.ts'
import { wakeSignal, type WakeSignal } from './lib/wake.ts'

/** What other servers have put there is seen after this long. */
const poll_ms_max = 5_000
/** After waking: in a great sale it is woken by every booking, and should not ask for each. */
const gather_ms = 20
const failure_ms = 250
const failure_ms_max = 10_000

/** What there is to do (work.ts). */
export type Work = Readonly<{
  handlers: Handlers
  chores: readonly Chore[]
  /** Of the outbox; left out: all. */
  lane?: Lane | undefined
}>

export type Worker = Readonly<{
  /** Begins nothing new, and ends when what is under way has ended: within a message's time-out, or a chore's batch. */
  stop: () => Promise<void>
}>

/**
 * Does what is due, and sleeps until the next is, until `signal` wakes it, or for one poll. The outbox and each chore
 * go their own ways, so none waits for another or fails with it. It outlives every error, the loss of the database too.
 */
export function startWorker(
  deps: Deps,
  log: Logger,
  { handlers, chores, lane, signal = wakeSignal() }: Work & { signal?: WakeSignal },
): Worker {
  const outbox: Chore = {
    name: 'outbox',
    nextDue: (db) => findNextRun(db, lane),
    run: () => runOutbox(deps, handlers, log, { lane }),
  }
  const trouble = troubleLog(deps, log)
  const end = new AbortController()
  const pause = (ms: number) => sleep(ms, undefined, { signal: end.signal }).catch(() => {})

  async function keepDoing(chore: Chore): Promise<void> {
    const sleeper = signal.sleeper()
    let failures = 0
    while (!end.signal.aborted) {
      try {
        const wait_ms = await doWhatIsDue(deps, chore)
        trouble.over(chore)
        failures = 0
        // SQLite answers at once, so a long backlog would otherwise never let anyone else come in.
        if (wait_ms === 0) await yieldToOthers()
        else if (await sleeper.untilWoken(wait_ms)) await pause(gather_ms)
      } catch (error) {
        trouble.met(chore, error)
        // Nobody wakes it now: what fails is not to be repeated at every booking.
        await pause((0.5 + Math.random() / 2) * Math.min(failure_ms_max, failure_ms * 2 ** failures++))
      }
    }
    sleeper.leave()
  }

  const ways = [outbox, ...chores].map(keepDoing)
  return {
    async stop() {
      end.abort()
      signal.wake()
      await Promise.all(ways)
    },
  }
}

/** Does one batch if any is due; in how many milliseconds to look again. */
async function doWhatIsDue({ database, now }: Deps, { nextDue, run }: Chore): Promise<number> {
  const due = await reading(database, nextDue)
  if (due === undefined) return poll_ms_max
  const ahead_ms = dateOf(due).getTime() - now().getTime()
  if (ahead_ms > 0) return Math.min(ahead_ms, poll_ms_max)
  // If there was nothing to do after all, somebody else is doing it.
  return (await run()) > 0 ? 0 : poll_ms_max
}

/** Tells of each trouble once, however often it is met, and when it is over. */
function troubleLog({ database }: Deps, log: Logger) {
  const withoutDatabase = new Set<Chore>()
  const failing = new Map<Chore, string>()
  return {
    met(chore: Chore, thrown: unknown): void {
      const error = refusalOf(database, thrown)
      if (error instanceof DomainError && error.code === 'database_unavailable') {
        if (withoutDatabase.size === 0) log.warn({ err: error }, 'the database is away, and the worker waits for it')
        withoutDatabase.add(chore)
        return
      }
      const what = String(error)
      if (failing.get(chore) !== what) log.error({ err: error, chore: chore.name }, 'a chore fails; it is tried again')
      failing.set(chore, what)
    },
    over(chore: Chore): void {
      if (withoutDatabase.delete(chore) && withoutDatabase.size === 0) log.info('the worker has the database again')
      if (failing.delete(chore)) log.info({ chore: chore.name }, 'a chore that failed goes on')
    },
  }
}
