import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import { readChanges, type Changes } from '../../db/changes.ts'
import { reading } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import { wakeSignal, type Sleeper } from '../../lib/wake.ts'
import { changeMemory, remembered_max, type Change, type ChangeMemory, type Recent } from './change-memory.ts'
import { awaited_max, missedIds } from './missed-ids.ts'
import { listChangesAfter, listChangesByIds, listLastChanges, type ChangeRow } from './live.sql.ts'
import type { Looks } from './redis-looks.ts'

/** How often it looks when nobody says that there is something. Redis says it sooner, but what it tells may be lost. */
const poll_ms = 100
const poll_with_redis_ms = 200
/** After waking: in a great sale every group wakes it, and it should not ask for each. */
const gather_ms = 10
const failure_ms = 250
const failure_ms_max = 2_000

/** Of one reading. */
const rows_max = 500
/** A minute less than changes are kept: who has not read for longer may have missed some for good. */
const away_ms_max = 9 * 60_000

/** What all servers commit, this one included, in the order of their ids but for those that were overtaken. */
export type Feed = Readonly<{
  /**
   * Tells of each commit, once, until what is returned is called. The first listener starts it and the last one stops
   * it: what is committed before `begun` is not told.
   *
   * @param lost is told when the database was away for so long that anything may have changed unseen
   */
  listen: (listener: (changes: Changes, seq: number) => void, lost?: () => void) => () => void
  /**
   * Resolves when it has read where things stand, so that all that is committed from now on is told.
   *
   * @throws DomainError `database_unavailable`, `server_busy`; it goes on trying
   */
  begun: () => Promise<void>
  /** The highest id that it has seen. */
  position: () => number
  recent: () => Recent
  close: () => Promise<void>
}>

/**
 * Opens the feed of what changes. Without listeners it asks nothing of anybody; with Redis, this process tells the others
 * of its commits all the same.
 *
 * @param redis_url left out: other servers are seen by polling the database
 */
export async function openFeed(
  { database }: Pick<Deps, 'database'>,
  { redis_url, log, ...limits }: { redis_url?: string | undefined; log: Logger; away_ms_max?: number },
): Promise<Feed> {
  const signal = wakeSignal()
  const looks = redis_url === undefined ? undefined : await openRedisLooks(redis_url, log)
  const endOwn = database.changes.listen(() => {
    looks?.tell()
    signal.wake()
  })
  const listeners = new Set<Parameters<Feed['listen']>>()
  let run: Run | undefined
  let isClosed = false

  function start(): Run {
    const begun = startRun({ database, log, looks, away_ms_max, ...limits }, signal.sleeper(), {
      tell({ changes, seq }) {
        for (const [listener] of listeners) listener(changes, seq)
      },
      tellLost() {
        for (const [, lost] of listeners) lost?.()
      },
    })
    const deafen = looks?.listen(signal.wake)
    return {
      ...begun,
      async stop() {
        deafen?.()
        const ended = begun.stop()
        signal.wake()
        await ended
      },
    }
  }

  return {
    listen(...listener) {
      listeners.add(listener)
      if (!isClosed) run ??= start()
      return () => {
        listeners.delete(listener)
        if (listeners.size > 0) return
        void run?.stop()
        run = undefined
      }
    },
    begun: async () => run?.begun(),
    position: () => run?.position() ?? 0,
    recent: () => run?.recent() ?? nothing,
    async close() {
      isClosed = true
      endOwn()
      listeners.clear()
      await run?.stop()
      looks?.close()
    },
  }
}

/** Loaded only where it is wanted: a start without Redis should not wait for its client. */
async function openRedisLooks(url: string, log: Logger): Promise<Looks> {
  const { redisLooks } = await import('./redis-looks.ts')
  return redisLooks(url, log)
}

type Run = Pick<Feed, 'begun' | 'position' | 'recent'> & { stop: () => Promise<void> }

/** Reads from the moment when somebody begins to listen until nobody does. It outlives every loss of the database. */
function startRun(
  {
    database,
    log,
    looks,
    away_ms_max,
  }: Pick<Deps, 'database'> & { log: Logger; looks: Looks | undefined; away_ms_max: number },
  sleeper: Sleeper,
  { tell, tellLost }: { tell: (change: Change) => void; tellLost: () => void },
): Run {
  const missed = missedIds()
  const end = new AbortController()
  const pause = (ms: number) => sleep(ms, undefined, { signal: end.signal }).catch(() => {})
  let position = 0
  /** Undefined until it has read where things stand. */
  let memory: ChangeMemory | undefined
  let attempt = promised()

  function take(rows: readonly ChangeRow[]): Change[] {
    return rows.map(({ id, what, at }) => {
      missed.pass(position, id)
      position = Math.max(position, id)
      const change = { seq: id, at, changes: readChanges(what) }
      memory?.keep(change)
      return change
    })
  }

  async function begin(): Promise<void> {
    const last = await reading(database, (db) => listLastChanges(db, remembered_max + awaited_max))
    const [earlier, rows] = [last.slice(0, -remembered_max), last.slice(-remembered_max)]
    // Of what came before the oldest row nothing is known: it may have been forgotten.
    position = rows[0] ? rows[0].id - 1 : 0
    memory = changeMemory(rows[0] && position)
    // But what is not there may still come: the oldest row may have overtaken it.
    missed.pass(0, position + 1)
    for (const { id } of earlier) missed.pass(id - 1, id)
    take(rows)
    attempt.resolve()
  }

  /** Whether there may be more at once. */
  async function look(): Promise<boolean> {
    const late = missed.list()
    const rows = await reading(database, async (db) => [
      ...(late.length === 0 ? [] : await listChangesByIds(db, late)),
      ...(await listChangesAfter(db, position, rows_max)),
    ])
    // Who listens by now listens to another run, which has read these as what was there before.
    if (end.signal.aborted) return false
    for (const change of take(rows)) tell(change)
    return rows.length >= rows_max
  }

  function loseTrack(away_ms: number): void {
    log.warn({ away_s: Math.round(away_ms / 1_000) }, 'changes may have been missed: all who look on begin anew')
    memory = changeMemory(position)
    tellLost()
  }

  async function keepLooking(): Promise<void> {
    let failures = 0
    let looked_ms = performance.now()
    while (!end.signal.aborted) {
      try {
        const hadBegun = memory !== undefined
        const isBehind = hadBegun ? await look() : (await begin(), true)
        if (failures > 0) log.info('the change feed has the database again')
        failures = 0
        const away_ms = performance.now() - looked_ms
        if (hadBegun && away_ms > away_ms_max) loseTrack(away_ms)
        looked_ms = performance.now()
        if (isBehind) continue
        const isWoken = await sleeper.untilWoken(looks?.isUp() ? poll_with_redis_ms : poll_ms)
        if (isWoken) await pause(gather_ms)
      } catch (error) {
        if (failures === 0) log.warn({ err: error }, 'the change feed has lost the database, and waits for it')
        attempt.reject(error)
        if (!memory) attempt = promised()
        await pause(Math.min(failure_ms_max, failure_ms * 2 ** failures++))
      }
    }
    sleeper.leave()
  }

  const ended = keepLooking()
  return {
    begun: () => attempt.promise,
    position: () => position,
    recent: () => memory?.recent() ?? nothing,
    async stop() {
      end.abort()
      attempt.resolve()
      await ended
    },
  }
}

const nothing: Recent = { complete_after: Infinity, changes: [] }

/** Who asks for it is told of its failure; if nobody asks, that is no error. */
function promised() {
  const resolvers = Promise.withResolvers<void>()
  resolvers.promise.catch(() => {})
  return resolvers
}
