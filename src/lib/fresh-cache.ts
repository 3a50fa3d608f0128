import { LRUCache } from 'lru-cache'
import { DomainError } from './errors.ts'

export type FreshCacheLimits = Readonly<{
  entries_max: number
  bytes_max: number
  /** So long after its reading began, a value is given to nobody any more. */
  life_ms: number
  /** Waiting for readings at most; beyond it the next one is refused at once. */
  waiting_max: number
}>

/** Where several servers leave for one another what they have read. It must answer at once, or without a value. */
export type SharedStore<Value> = Readonly<{
  /** A value and its age in milliseconds, or what leaves one there, if that can be. */
  find: (tag: string, name: string) => Promise<Shared<Value>>
  /** A commit of this process changed what these tags stand for. */
  drop: (tags: readonly string[]) => void
}>
export type Shared<Value> = Readonly<{
  found?: Readonly<{ value: Value; age_ms: number }> | undefined
  keep?: ((value: Value, age_ms: number) => void) | undefined
}>

/** Numbers that only grow, but for `entries`, `bytes` and `waiting`, which are of now. */
export type CacheCounts = Readonly<{
  /** Found in memory. */
  hits: number
  /** Waited for a reading that was under way or about to begin. */
  joined: number
  /** Found among what other servers left. */
  shared: number
  /** Read anew. */
  reads: number
  entries: number
  bytes: number
  waiting: number
}>

export type FreshCache<Value> = Readonly<{
  /**
   * What was read under this name, or what `read` gives. One reading is under way for a name at a time, however many ask.
   *
   * @param tag what drops it; always the same for one name
   * @throws DomainError `server_busy` if too many wait; whatever `read` throws, to all who waited for that reading
   */
  get: (tag: string, name: string, read: () => Promise<Value>) => Value | Promise<Value>
  /** To be called after each commit of this process, and before anyone is told of it. */
  drop: (tags: readonly string[]) => void
  /** To be called when another process's commit is heard of. */
  dropHere: (tags: readonly string[]) => void
  counts: () => CacheCounts
}>

type Reading<Value> = { began: number; result: Promise<Value>; isOutdated: boolean; next?: Promise<Value> }

/**
 * Keeps what was read for a moment, and never beyond a commit: what is dropped is gone, and a reading that was under way
 * then is kept for nobody and given only to those who had asked before. So who asks after `drop` gets what was read after it.
 *
 * @param bytesOf about how much memory a value takes
 * @param now milliseconds of a clock that is never set back
 */
export function freshCache<Value extends object>(
  { entries_max, bytes_max, life_ms, waiting_max }: FreshCacheLimits,
  bytesOf: (value: Value) => number,
  store?: SharedStore<Value>,
  now: () => number = () => performance.now(),
): FreshCache<Value> {
  const entries = new LRUCache<string, { tag: string; value: Value }>({
    max: entries_max,
    maxSize: bytes_max,
    sizeCalculation: ({ value }, name) => bytesOf(value) + 2 * name.length,
    ttl: life_ms,
    ttlResolution: 0,
    perf: { now },
    disposeAfter: ({ tag }, name) => forget(tag, name),
  })
  const underWay = new Map<string, Reading<Value>>()
  /** Of all that is kept or under way. */
  const namesOf = new Map<string, Set<string>>()
  const counted = { hits: 0, joined: 0, shared: 0, reads: 0 }
  let waiting = 0

  async function wait(tag: string, name: string, read: () => Promise<Value>): Promise<Value> {
    if (waiting >= waiting_max) throw new DomainError('server_busy')
    waiting++
    try {
      return await join(tag, name, read)
    } finally {
      waiting--
    }
  }

  function join(tag: string, name: string, read: () => Promise<Value>): Promise<Value> {
    const reading = underWay.get(name)
    if (!reading) return begin(tag, name, read)
    counted.joined++
    if (!reading.isOutdated && now() - reading.began <= life_ms) return reading.result
    // After it and not beside it: commits may follow one another faster than the database reads.
    const again = () => entries.get(name)?.value ?? join(tag, name, read)
    reading.next ??= reading.result.then(again, again)
    return reading.next
  }

  function begin(tag: string, name: string, read: () => Promise<Value>): Promise<Value> {
    const reading: Reading<Value> = { began: now(), isOutdated: false, result: Promise.resolve().then(run) }
    underWay.set(name, reading)
    remember(tag, name)
    return reading.result

    async function run(): Promise<Value> {
      try {
        const shared: Shared<Value> = store ? await store.find(tag, name) : {}
        const began = now()
        if (shared.found) {
          counted.shared++
          keep(shared.found.value, began - shared.found.age_ms)
          return shared.found.value
        }
        counted.reads++
        const value = await read()
        keep(value, began)
        if (!reading.isOutdated) shared.keep?.(value, now() - began)
        return value
      } finally {
        underWay.delete(name)
        forget(tag, name)
      }
    }

    function keep(value: Value, since: number): void {
      if (!reading.isOutdated) entries.set(name, { tag, value }, { start: since })
    }
  }

  function remember(tag: string, name: string): void {
    const names = namesOf.get(tag)
    if (names) names.add(name)
    else namesOf.set(tag, new Set([name]))
  }

  function forget(tag: string, name: string): void {
    if (underWay.has(name) || entries.has(name)) return
    const names = namesOf.get(tag)
    if (names?.delete(name) && names.size === 0) namesOf.delete(tag)
  }

  function dropHere(tags: readonly string[]): void {
    for (const tag of tags) {
      for (const name of namesOf.get(tag) ?? []) {
        const reading = underWay.get(name)
        if (reading) reading.isOutdated = true
        entries.delete(name)
      }
    }
  }

  return {
    get(tag, name, read) {
      const kept = entries.get(name)
      if (!kept) return wait(tag, name, read)
      counted.hits++
      return kept.value
    },
    drop(tags) {
      dropHere(tags)
      store?.drop(tags)
    },
    dropHere,
    counts: () => ({ ...counted, entries: entries.size, bytes: entries.calculatedSize, waiting }),
  }
}
