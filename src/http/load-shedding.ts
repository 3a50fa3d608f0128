import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import { DomainError } from '../lib/errors.ts'
import { count } from '../lib/metrics.ts'
import { classOf } from './rate-limit.ts'

/** What is let in: all; no lists and other reading; only doors, webhooks and what looks after the server. */
export type SheddingLevel = 0 | 1 | 2

export type SheddingOptions = Readonly<{
  /** Requests may wait so long for the event loop, or for a connection to the database. */
  wait_ms_max: number
  /** How long who asks for a connection to the database has to wait just now. */
  databaseWait_ms: () => number
}>

const sample_ms = 100
/** Of what was measured before, so much stays: one long turn of the loop turns nobody away. */
const inertia = 0.7
/** Above so many times the bound, what changes something is turned away, too. */
const second_level = 3
/** A level is left when the wait has been below this part of its bound for a while, so that it does not flutter. */
const calm = 0.5
const calm_samples = 10

const retry_after_s = 2
/** One for all: under load, a stack for each would be what the load is made of. Its requests are not logged one by one. */
export const shed_refusal = new DomainError('server_busy', undefined, { retry_after_s })

/**
 * Turns away requests before any work is done for them, while those that were let in wait too long: a server that does
 * all a little too late serves nobody. Reading goes first, since it is most of the load and is asked again by itself.
 * Health, metrics, payments' webhooks and the doors are never turned away: they are few, and cannot come back later.
 */
export function shedLoad(app: FastifyInstance, log: Logger, options: SheddingOptions): void {
  const { wait_ms_max, databaseWait_ms } = options
  const gauge = sheddingGauge(wait_ms_max)
  let level: SheddingLevel = 0
  let expected = 0
  let timer: NodeJS.Timeout | undefined

  function sample(): void {
    const now = performance.now()
    const late_ms = Math.max(0, now - expected)
    expected = now + sample_ms
    const before = level
    level = gauge(late_ms, databaseWait_ms())
    if (level === before) return
    const line = { level, loop_late_ms: Math.round(late_ms), database_wait_ms: Math.round(databaseWait_ms()) }
    if (level > before) log.warn(line, 'too much to do: requests are turned away with 503')
    else log.info(line, level === 0 ? 'all requests are let in again' : 'changes are let in again')
  }

  // Not before: what a start takes is no load.
  app.addHook('onListen', (done) => {
    expected = performance.now() + sample_ms
    timer = setInterval(sample, sample_ms).unref()
    done()
  })
  app.addHook('onClose', async () => clearInterval(timer))

  app.addHook('onRequest', (request, _reply, done) => {
    if (level === 0 || level < shedFrom(request.method, request.routeOptions.url)) return done()
    count('karcis_shed_total', { class: classOf(request.method, request.routeOptions.url) ?? 'none' })
    done(shed_refusal)
  })
}

/**
 * What level the waits that it is told of lead to, one pair at each sample. Up at once, when the smoothed wait is above a
 * bound; down by one at a time.
 */
export function sheddingGauge(wait_ms_max: number): (loopLate_ms: number, databaseWait_ms: number) => SheddingLevel {
  let smoothed_ms = 0
  let level: SheddingLevel = 0
  let calmFor = 0
  return (loopLate_ms, databaseWait_ms) => {
    smoothed_ms = inertia * smoothed_ms + (1 - inertia) * Math.max(loopLate_ms, databaseWait_ms)
    const wanted = smoothed_ms > second_level * wait_ms_max ? 2 : smoothed_ms > wait_ms_max ? 1 : 0
    const bound_ms = level === 2 ? second_level * wait_ms_max : wait_ms_max
    calmFor = smoothed_ms < calm * bound_ms ? calmFor + 1 : 0
    if (wanted > level) level = wanted
    else if (level > 0 && calmFor >= calm_samples) {
      level = level === 2 ? 1 : 0
      calmFor = 0
    }
    return level
  }
}

/** Reading that a door needs to go on. */
const doorReads = /^(\/api\/v\d)?\/events\/:id\/(door-snapshot|check-in-counts)$/
const neverShed = /^(\/metrics|(\/api\/v\d)?\/webhooks\/:provider)$/

/** From which level on a route is turned away; beyond 2: never. By its pattern, as rate limits go. */
export function shedFrom(method: string, route: string | undefined): 1 | 2 | 3 {
  const name = classOf(method, route)
  if (name === undefined || name === 'door' || (route !== undefined && neverShed.test(route))) return 3
  if (name !== 'read') return 2
  return route !== undefined && doorReads.test(route) ? 3 : 1
}
