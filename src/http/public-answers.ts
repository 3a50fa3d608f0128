import { createHash } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Changes } from '../db/changes.ts'
import type { Database } from '../db/database.ts'
import { watch, watchTotal } from '../lib/metrics.ts'
import { freshCache, type FreshCache, type SharedStore } from '../lib/fresh-cache.ts'
import { isAmong } from './entity-tag.ts'
import { varyBy } from './vary.ts'

/** How old an answer may be that another server's commit has made stale. */
export const life_ms = 1_000
const limits = { entries_max: 10_000, bytes_max: 64 * 1024 * 1024, life_ms, waiting_max: 20_000 }
/** So long after the last page that was asked for, other processes are listened to no more. */
const listens_ms = 60_000
/** A name has the filters of a list in it; a longer one is kept as its hash. */
const name_length_max = 200

/** An answer that is the same whoever asks: its bytes, and what they are known by. */
export type PublicAnswer = Readonly<{
  body: string
  etag: string
  /** Of a list that goes on. */
  next_cursor?: string | null | undefined
}>

export type PublicAnswers = FreshCache<PublicAnswer>

/** Tells of commits, also of other processes; returns what ends it. */
export type ListenElsewhere = (listener: (changes: Changes) => void) => () => void

/** What every list of events is dropped by. */
export const event_lists = 'events'
export const eventTag = (id: number): string => `event ${id}`

/**
 * Keeps answers about events, which are public, in this process, for a second at most and never beyond a commit that
 * changes them. Bytes and not rows, so nothing can be decided by what is kept here.
 *
 * @param shared where several servers leave them for one another
 * @param elsewhere left out: what other processes change is seen when the second is over
 */
export function openPublicAnswers(
  { changes }: Pick<Database, 'changes'>,
  shared?: SharedStore<PublicAnswer>,
  elsewhere?: ListenElsewhere,
): PublicAnswers & { close: () => void } {
  const cache = freshCache<PublicAnswer>(limits, ({ body, etag }) => 2 * (body.length + etag.length) + 500, shared)
  const { counts } = cache
  watchTotal('karcis_cache_requests_total', { found: 'memory' }, () => counts().hits)
  watchTotal('karcis_cache_requests_total', { found: 'joined' }, () => counts().joined)
  watchTotal('karcis_cache_requests_total', { found: 'redis' }, () => counts().shared)
  watchTotal('karcis_cache_requests_total', { found: 'database' }, () => counts().reads)
  watch('karcis_cache_bytes', {}, () => counts().bytes)
  const endOwn = changes.listen(({ events }) => events.length > 0 && cache.drop(tagsOf(events)))
  let endElsewhere: (() => void) | undefined
  let isAsked = false

  /** Where nobody reads pages, nobody need ask the database what has changed. */
  function listenForNow(): void {
    isAsked = true
    if (endElsewhere || !elsewhere) return
    const end = elsewhere(({ events }) => events.length > 0 && cache.dropHere(tagsOf(events)))
    const timer = setInterval(() => {
      if (!isAsked) endElsewhere?.()
      isAsked = false
    }, listens_ms).unref()
    endElsewhere = () => {
      clearInterval(timer)
      end()
      endElsewhere = undefined
    }
  }

  return {
    ...cache,
    get(tag, name, read) {
      listenForNow()
      return cache.get(tag, shortened(name), read)
    },
    close() {
      endOwn()
      endElsewhere?.()
    },
  }
}

const tagsOf = (events: readonly number[]) => [event_lists, ...events.map(eventTag)]

const shortened = (name: string) =>
  name.length > name_length_max ? createHash('sha256').update(name).digest('base64') : name

/** An answer that is known by a hash of its bytes. */
export function hashed(body: string): PublicAnswer {
  return { body, etag: `"${createHash('sha1').update(body).digest('base64url')}"` }
}

/**
 * A browser asks each time whether what it has is still right: its user may have changed it a moment ago. A CDN may
 * answer visitors for a second without asking. No stale-while-revalidate: browsers heed it, too, and would show a person
 * what was there before their booking.
 */
const for_visitors = `public, max-age=0, s-maxage=${life_ms / 1_000}, must-revalidate`
/** Who brings a token may have written: they are answered by a server that knows, and not by a CDN. */
const for_the_signed_in = 'private, no-cache'

/** What a CDN must tell apart: a visitor from who is signed in, and of some answers the languages. */
const by_credentials = 'authorization'
export const by_language = `accept-language, ${by_credentials}`

/**
 * Sends an answer that depends on nobody, or 304 to who has it already.
 *
 * @param vary the headers of the request that tell it from other answers under its URL
 */
export function sendPublic(
  request: FastifyRequest,
  reply: FastifyReply,
  { body, etag }: PublicAnswer,
  vary: typeof by_credentials | typeof by_language = by_credentials,
): FastifyReply {
  const { authorization, 'if-none-match': known } = request.headers
  varyBy(reply, vary)
  void reply.header('cache-control', authorization === undefined ? for_visitors : for_the_signed_in)
  void reply.header('etag', etag)
  if (known !== undefined && isAmong(etag, known)) return reply.code(304).send()
  return reply.type('application/json; charset=utf-8').send(body)
}
