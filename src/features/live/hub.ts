import { setImmediate as yieldToOthers } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { Changes } from '../../db/changes.ts'
import type { SharedRead } from '../../db/shared-read.ts'
import type { Deps } from '../../deps.ts'
import type { Caller } from '../../lib/caller.ts'
import { DomainError, messageOf, type ErrorCode } from '../../lib/errors.ts'
import { count } from '../../lib/metrics.ts'
import { dateOf } from '../../lib/time.ts'
import type { Identities } from '../accounts/identities.ts'
import type { Event } from '../events/event.ts'
import { readEvent } from '../events/read-event.ts'
import type { Feed } from './feed.ts'
import type { Channel, Listener, Live, LiveMessage, WhoNow } from './live.ts'
import { openReadState, type Shown } from './read-state.ts'
import { keyOf, refusalOf, topicOf, type Topic } from './topic.ts'

/** A channel is told ten times a second at most. */
const join_ms = 100
/** Reading and telling it takes no more of the time than this, or it is told less often: thousands may look on. */
const telling_share_max = 4 / 5
/** The same for sales and doors, which are counted by going through an event's tickets. */
const counting_share_max = 1 / 20
/** Clients that are told in one go. */
const told_at_once = 500
/** A state that was read no longer ago is good for who begins to look on, if nothing has changed. */
const fresh_ms = 1_000
const retry_ms = 1_000
const subscriptions_max = 200_000
/** Of one account, told one by one at a time; of more, that there is more to read. */
const told_max = 50
/** Longer than a transaction lasts: so much later than its id says a change may have come. */
const overtaken_ms_max = 60_000
/** How often it is asked whether those who look on still may; they are asked in turns. */
const recheck_ms = 5_000
const recheck_tick_ms = 500
/** So long the feed goes on when nobody looks on any more: who reloads a page is back at once. */
const linger_ms_default = 10_000

type Subscriber = {
  listener: Listener
  whoNow: WhoNow
  recheck_at: number
  /** Has yet to be sent where things stand. */
  isWaiting: boolean
}

/** A channel that somebody looks on at. */
type Watch = {
  key: string
  channel: Channel
  topic: Topic
  organizer_id: number
  subscribers: Set<Subscriber>
  seq: number
  /** The last change of it; of what came after the id `known_after`, that is all. */
  changed_seq: number
  known_after: number
  hasChanged: boolean
  /** Of an account: what changed. */
  bookings: Set<number>
  mails: Set<number>
  last: LiveMessage | undefined
  last_at: number
  next_at: number
  timer: NodeJS.Timeout | undefined
  isReading: boolean
}

/** Opens the live updates of this server. While nobody looks on, it does nothing. */
export function openHub(
  deps: Deps & { feed: Feed; events: SharedRead<Event>; identities: Identities },
  log: Logger,
  { linger_ms = linger_ms_default }: { linger_ms?: number } = {},
): Live {
  const { feed, events, identities } = deps
  const states = openReadState(deps, events)
  const watches = new Map<string, Watch>()
  const guarded = new Map<Subscriber, Watch>()
  let subscriptions = 0
  /** Those who wait for the feed to begin, and don't look on yet. */
  let beginning = 0
  let endFeed: (() => void) | undefined
  let lingering: NodeJS.Timeout | undefined
  let rechecking: NodeJS.Timeout | undefined
  let isClosed = false

  function onChanges({ events, bookings, check_ins, mails }: Changes, seq: number): void {
    for (const id of events) {
      touch(`event:${id}`, seq)
      touch(`sales:${id}`, seq)
    }
    for (const id of check_ins) touch(`check-ins:${id}`, seq)
    for (const [id, user] of bookings) touch(`me:${user}`, seq)?.bookings.add(id)
    for (const [id, user] of mails) touch(`me:${user}`, seq)?.mails.add(id)
  }

  /** Anything may have changed: states are sent again, and accounts are to be read anew. */
  function onLost(): void {
    const seq = feed.position()
    for (const watch of watches.values()) {
      watch.known_after = seq
      if (watch.topic.kind !== 'me') touch(watch.key, seq)
      else for (const one of watch.subscribers) one.listener({ ...anew, channel: watch.channel, seq })
    }
  }

  function touch(key: string, seq: number): Watch | undefined {
    const watch = watches.get(key)
    if (!watch) return undefined
    if (watch.known_after === Infinity) watch.known_after = seq - 1
    watch.seq = Math.max(watch.seq, seq)
    watch.changed_seq = Math.max(watch.changed_seq, seq)
    watch.hasChanged = true
    plan(watch)
    return watch
  }

  /** Reads it as soon as it may be told again. */
  function plan(watch: Watch): void {
    if (watch.timer || watch.isReading || watch.subscribers.size === 0 || isClosed) return
    watch.timer = setTimeout(() => void tell(watch), Math.max(0, watch.next_at - performance.now()))
  }

  /** One reading, for all who look on. */
  async function tell(watch: Watch): Promise<void> {
    const { seq, hasChanged, bookings, mails, topic } = watch
    const start = performance.now()
    Object.assign(watch, {
      timer: undefined,
      isReading: true,
      hasChanged: false,
      bookings: new Set(),
      mails: new Set(),
    })
    watch.next_at = start + join_ms
    try {
      const shown = topic.kind === 'me' ? await readMine(topic.user_id, bookings, mails) : [await states.ofEvent(topic)]
      const messages = shown.map(({ type, data }): LiveMessage => ({ type, channel: watch.channel, seq, data }))
      if (topic.kind !== 'me') {
        watch.last = messages[0]
        watch.last_at = performance.now()
      }
      let told = 0
      for (const one of watch.subscribers) {
        // Also who came while it was read: of what has changed since, they will be told.
        if (!hasChanged && !one.isWaiting) continue
        one.isWaiting = false
        for (const message of messages) one.listener(message)
        // Others come in between, however many look on.
        if (++told % told_at_once === 0) await yieldToOthers()
      }
      for (const { type } of messages) count('karcis_live_messages_total', { type }, told)
    } catch (error) {
      if (error instanceof DomainError && error.code === 'event_not_found') endAll(watch, error.code)
      else {
        if (!(error instanceof DomainError))
          log.error({ err: error, channel: watch.channel }, 'a channel can not be read')
        watch.hasChanged ||= hasChanged
        for (const id of bookings) watch.bookings.add(id)
        for (const id of mails) watch.mails.add(id)
        watch.next_at = performance.now() + retry_ms
      }
    }
    const took_ms = performance.now() - start
    watch.next_at = Math.max(watch.next_at, start + took_ms / busyShareOf(topic))
    watch.isReading = false
    if (watch.hasChanged || [...watch.subscribers].some(({ isWaiting }) => isWaiting)) plan(watch)
  }

  async function readMine(user: number, bookings: ReadonlySet<number>, mails: ReadonlySet<number>): Promise<Shown[]> {
    if (bookings.size + mails.size > told_max) return [anew]
    return states.ofUser(user, [...bookings], [...mails])
  }

  /** Begins to watch a channel: from now on each change of it is seen. */
  function watchOf(channel: Channel, topic: Topic, organizer_id: number): Watch {
    const key = keyOf(topic)
    const known = watches.get(key)
    if (known) return known
    const { complete_after, changes } = feed.recent()
    const watch: Watch = {
      key,
      channel,
      topic,
      organizer_id,
      subscribers: new Set(),
      seq: feed.position(),
      changed_seq: changes.findLast((change) => isAbout(topic, change.changes))?.seq ?? 0,
      known_after: complete_after,
      hasChanged: false,
      bookings: new Set(),
      mails: new Set(),
      last: undefined,
      last_at: -Infinity,
      next_at: 0,
      timer: undefined,
      isReading: false,
    }
    watches.set(key, watch)
    return watch
  }

  /** Brings who begins to look on, or comes back, to where things stand. */
  function bringUpToDate(watch: Watch, subscriber: Subscriber, after: number | undefined): void {
    const isKnown = after !== undefined && after >= watch.known_after && after <= feed.position()
    // Those at several doors overtake one another, so who comes back there is always told.
    if (watch.topic.kind !== 'check-ins' && isKnown && watch.changed_seq <= after) return
    const isFresh = !watch.hasChanged && performance.now() - watch.last_at < fresh_ms
    if (watch.last && isFresh) return subscriber.listener(watch.last)
    subscriber.isWaiting = true
    plan(watch)
  }

  /** The same for one's own: what changed since, one by one. */
  async function catchUp(user_id: number, seq: number, listener: Listener, after: number | undefined): Promise<void> {
    const { complete_after, changes } = feed.recent()
    if (after === undefined || after < complete_after || after > feed.position()) {
      return listener({ ...anew, channel: 'me', seq })
    }
    const at = changes.findLast((change) => change.seq <= after)?.at
    const since = at === undefined ? undefined : dateOf(at).getTime() - overtaken_ms_max
    const bookings = new Set<number>()
    const mails = new Set<number>()
    for (const { seq, at, changes: one } of changes.toReversed()) {
      if (seq === after) continue
      if (seq < after && (since === undefined || dateOf(at).getTime() < since)) break
      for (const [id, user] of one.bookings) if (user === user_id) bookings.add(id)
      for (const [id, user] of one.mails) if (user === user_id) mails.add(id)
    }
    if (bookings.size + mails.size === 0) return
    for (const one of await readMine(user_id, bookings, mails)) listener({ ...one, channel: 'me', seq })
  }

  function leave(watch: Watch, subscriber: Subscriber): void {
    if (!watch.subscribers.delete(subscriber)) return
    guarded.delete(subscriber)
    subscriptions--
    if (watch.subscribers.size > 0) return
    clearTimeout(watch.timer)
    watches.delete(watch.key)
    if (guarded.size === 0) {
      clearInterval(rechecking)
      rechecking = undefined
    }
    lingerOn()
  }

  function rest(): void {
    endFeed?.()
    endFeed = undefined
  }

  async function begin(): Promise<void> {
    endFeed ??= feed.listen(onChanges, onLost)
    beginning++
    try {
      await feed.begun()
    } finally {
      beginning--
      lingerOn()
    }
  }

  /** The feed ends later, unless somebody looks on by then, or waits for it to begin, however long that takes. */
  function lingerOn(): void {
    clearTimeout(lingering)
    lingering = setTimeout(() => {
      if (watches.size + beginning === 0) rest()
    }, linger_ms).unref()
  }

  function end(watch: Watch, subscriber: Subscriber, code: ErrorCode): void {
    if (!watch.subscribers.has(subscriber)) return
    leave(watch, subscriber)
    const data = { code, message: messageOf(code) }
    subscriber.listener({ type: 'ended', channel: watch.channel, seq: watch.seq, data })
  }

  function endAll(watch: Watch, code: ErrorCode): void {
    for (const subscriber of watch.subscribers) end(watch, subscriber, code)
  }

  /** Those whose turn it is: each of them every few seconds. */
  function recheck(): void {
    const now = performance.now()
    for (const [subscriber, watch] of guarded) {
      if (subscriber.recheck_at > now) continue
      subscriber.recheck_at = now + recheck_ms
      void recheckOne(watch, subscriber)
    }
  }

  async function recheckOne(watch: Watch, subscriber: Subscriber): Promise<void> {
    try {
      const refusal = refusalOf(watch.topic, await subscriber.whoNow(), watch.organizer_id)
      if (refusal) end(watch, subscriber, refusal)
    } catch (error) {
      // Without its database it can say no more to them, either.
      log.debug({ err: error }, 'it could not be asked whether somebody may still look on')
    }
  }

  function whoIs(caller: Caller): WhoNow {
    const { session_id } = caller
    if (session_id === undefined) return () => caller
    return () => identities.known(session_id) ?? identities.ofSession(session_id)
  }

  return {
    async subscribe(caller, channel, listener, after, whoNow = whoIs(caller)) {
      if (isClosed || subscriptions >= subscriptions_max) throw new DomainError('server_busy')
      const topic = topicOf(channel, caller)
      const organizer_id = topic.kind === 'me' ? 0 : (await readEvent(events, topic.event_id)).organizer_id
      // As they are now: they may have signed in long ago.
      const refusal = topic.kind === 'event' ? undefined : refusalOf(topic, await whoNow(), organizer_id)
      if (refusal) throw new DomainError(refusal)
      await begin()
      const watch = watchOf(channel, topic, organizer_id)
      const subscriber: Subscriber = {
        listener,
        whoNow,
        recheck_at: performance.now() + Math.random() * recheck_ms,
        isWaiting: false,
      }
      watch.subscribers.add(subscriber)
      subscriptions++
      if (topic.kind !== 'event') {
        guarded.set(subscriber, watch)
        rechecking ??= setInterval(recheck, recheck_tick_ms).unref()
      }
      const end = () => leave(watch, subscriber)
      try {
        if (topic.kind === 'me') await catchUp(topic.user_id, watch.seq, listener, after)
        else bringUpToDate(watch, subscriber, after)
      } catch (error) {
        end()
        throw error
      }
      return end
    },
    async close() {
      isClosed = true
      clearInterval(rechecking)
      clearTimeout(lingering)
      for (const { timer } of watches.values()) clearTimeout(timer)
      rest()
    },
  }
}

const busyShareOf = ({ kind }: Topic) =>
  kind === 'sales' || kind === 'check-ins' ? counting_share_max : telling_share_max

const anew = { type: 'read_anew', data: null } as const

function isAbout(topic: Topic, { events, bookings, check_ins, mails }: Changes): boolean {
  if (topic.kind === 'me') {
    return [...bookings, ...mails].some(([, user]) => user === topic.user_id)
  }
  return (topic.kind === 'check-ins' ? check_ins : events).includes(topic.event_id)
}
