import { DomainError } from './errors.ts'
import { originOf, traced, traceparent } from './tracing.ts'

/** How many go together: the gain of larger groups is small, and everyone in one waits for all of it. */
const group_size_max = 256

export type GroupQueueLimits = {
  /** Waiting at most; beyond it the next one is refused at once. */
  length_max: number
  /** Nobody waits longer than this for their turn. */
  wait_ms_max: number
}

/** How large a group may become, where items differ in weight: tickets of a booking, say. */
export type Weight<Item> = {
  of: (item: Item) => number
  /** Of a group. */
  max: number
  /** Of all that wait. */
  waiting_max: number
}

export type GroupQueue<Item, Result> = {
  /**
   * Waits for its turn, in order of arrival, and for the commit of its group.
   *
   * @throws DomainError `server_busy` when the queue is full or the wait too long; else what `commit` gave it
   */
  join(item: Item): Promise<Result>
}

/** Is told what happens in a queue, as it happens: quick, and never throws. */
export type GroupObserver = {
  /** @param waiting how many wait, whenever it is called */
  opened(waiting: () => number): void
  /** A group has left the queue. @param wait_ms how long its first had waited */
  left(size: number, wait_ms: number): void
  /** It was kept, or refused, so long after it left. */
  ended(ms: number): void
  /** So many were refused because the queue was full or too slow. */
  refused(count: number): void
}

type Waiting<Item, Result> = {
  item: Item
  since_ms: number
  /** The trace that it is part of. */
  traceparent: string | undefined
  resolve: (result: Result) => void
  reject: (error: unknown) => void
}

/**
 * Commits together what arrives together. One group is under way at a time; what arrives meanwhile forms the next.
 * There is no timer to wait for: a lone item goes at once, and groups grow by themselves as load does.
 *
 * @param commit keeps a group and gives each item its result, or the error that it alone is refused with.
 *   Must not throw for one item's sake; if it throws, the whole group is refused with that.
 */
export function groupQueue<Item, Result>(
  commit: (items: Item[]) => Promise<(Result | Error)[]>,
  { length_max, wait_ms_max }: GroupQueueLimits,
  weight?: Weight<Item>,
  observer?: GroupObserver,
): GroupQueue<Item, Result> {
  const waiting: Waiting<Item, Result>[] = []
  let waitingWeight = 0
  let flushing = false
  const weightOf = (item: Item) => weight?.of(item) ?? 0
  observer?.opened(() => waiting.length)

  async function flush(): Promise<void> {
    const sweep = setInterval(refuseOverdue, wait_ms_max / 10)
    let answerLast = () => {}
    while (waiting.length > 0) {
      const group = takeGroup()
      const left_ms = performance.now()
      observer?.left(group.length, left_ms - group[0]!.since_ms)
      const items = group.map(({ item }) => item)
      const origin = originOf(group.map((one) => one.traceparent))
      const committing = traced('group', { size: group.length }, () => commit(items), origin).catch((error: Error) =>
        group.map(() => error),
      )
      // The last group is answered when this one is on its way to the database, not before.
      setImmediate(answerLast)
      const results = await committing
      observer?.ended(performance.now() - left_ms)
      answerLast = () => {
        for (let index = 0; index < group.length; index++) {
          const result = results[index]!
          if (result instanceof Error) group[index]!.reject(result)
          else group[index]!.resolve(result)
        }
      }
    }
    clearInterval(sweep)
    flushing = false
    answerLast()
  }

  /** The first in line; at least one, and no more than fit into a group. */
  function takeGroup(): Waiting<Item, Result>[] {
    let count = 0
    let sum = 0
    while (count < waiting.length && count < group_size_max) {
      sum += weightOf(waiting[count]!.item)
      if (weight && sum > weight.max && count > 0) break
      count++
    }
    return take(count)
  }

  /** The first `count` leave the line. */
  function take(count: number): Waiting<Item, Result>[] {
    const taken = waiting.splice(0, count)
    for (const { item } of taken) waitingWeight -= weightOf(item)
    return taken
  }

  /** While a group takes long, those behind it are told in time. They stand in order of arrival. */
  function refuseOverdue(): void {
    const oldest_ms = performance.now() - wait_ms_max
    const count = waiting.findIndex(({ since_ms }) => since_ms >= oldest_ms)
    const overdue = take(count === -1 ? waiting.length : count)
    if (overdue.length > 0) observer?.refused(overdue.length)
    for (const one of overdue) one.reject(new DomainError('server_busy'))
  }

  return {
    join: (item) =>
      new Promise((resolve, reject) => {
        const itsWeight = weightOf(item)
        const isTooHeavy = weight !== undefined && waitingWeight > 0 && waitingWeight + itsWeight > weight.waiting_max
        if (waiting.length >= length_max || isTooHeavy) {
          observer?.refused(1)
          return reject(new DomainError('server_busy'))
        }
        waitingWeight += itsWeight
        waiting.push({ item, since_ms: performance.now(), traceparent: traceparent(), resolve, reject })
        if (flushing) return
        flushing = true
        // After this turn of the loop, so that what arrived in it goes together.
        setImmediate(() => void flush())
      }),
  }
}
