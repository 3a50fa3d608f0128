import type { Logger } from 'pino'
import { RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible'
import { createClient } from 'redis'
import { localCounts, type OpenCount } from './local-counts.ts'

/** So long a request waits for Redis; then this server's own count decides. */
const wait_ms_max = 5
const retry_ms = 1_000
const reconnect_ms = 500
const connect_ms_max = 2_000

/** A ping each second keeps a sound connection from looking silent, and shows the end of one whose other end is gone. */
const ping_ms = 1_000
const silence_ms_max = 5_000

export type RedisCounts = { open: OpenCount; close: () => void }

/**
 * Counts in Redis, so that several servers share one budget.
 *
 * Without Redis every server counts for itself: when it starts before Redis does, when the connection is lost, when Redis
 * refuses, or when it is silent for longer than a request may wait. From then on nobody waits for it, until it has kept a
 * trial value. (The library's insuranceLimiter would count in its unbounded memory, and ask a silent Redis each time.)
 */
export function redisCounts(url: string, log: Logger): RedisCounts {
  const client = createClient({
    url,
    // What can't be asked now is decided here, not kept for later.
    disableOfflineQueue: true,
    // A timer of its own for each command, for a queue that we have just switched off.
    commandOptions: { timeout: undefined },
    maintNotifications: 'disabled',
    pingInterval: ping_ms,
    socket: { connectTimeout: connect_ms_max, socketTimeout: silence_ms_max, reconnectStrategy: () => reconnect_ms },
  })
  let isUp = true
  let isClosed = false

  const lost = (error: unknown) => {
    if (!isUp || isClosed) return
    isUp = false
    log.warn({ err: error }, 'Redis is lost: until it is back, this server counts requests for itself alone')
    tryLater()
  }
  const tryLater = () => {
    if (isClosed) return
    // A value is written, since a Redis that is full or a replica answers a ping as if nothing were wrong.
    setTimeout(() => void client.set('karcis:trial', '1', { EX: 60 }).then(found, tryLater), retry_ms).unref()
  }
  const found = () => {
    isUp = true
    log.info('Redis is back: requests are counted there again')
  }

  // Without a listener, an error would end the process.
  client.on('error', lost)
  client.connect().catch(lost)
  const openLocal = localCounts()

  return {
    open(name, limit) {
      const local = openLocal(name, limit)
      const shared = new RateLimiterRedis({
        storeClient: client,
        useRedisPackage: true,
        keyPrefix: `karcis:${name}`,
        points: limit.requests,
        duration: limit.window_s,
      })
      return (key, tell) => {
        if (!isUp || !client.isReady) return local(key, tell)
        let isTold = false
        const tellOnce = (used: number, left_ms: number) => {
          if (isTold) return
          isTold = true
          clearTimeout(timer)
          tell(used, left_ms)
        }
        const giveUp = (error: unknown) => {
          if (isTold) return
          lost(error)
          local(key, tellOnce)
        }
        // If it was us who were busy, the answer is here already, and is read between a timer and setImmediate.
        const timer = setTimeout(
          () => setImmediate(() => giveUp(new Error(`no answer within ${wait_ms_max} ms`))),
          wait_ms_max,
        )
        const counted = ({ consumedPoints, msBeforeNext }: RateLimiterRes) => tellOnce(consumedPoints, msBeforeNext)
        shared
          .consume(key)
          .then(counted, (reason: unknown) => (reason instanceof RateLimiterRes ? counted(reason) : giveUp(reason)))
      }
    },
    close() {
      isClosed = true
      client.destroy()
    },
  }
}
