import { RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible'
import type { Redis } from '../lib/redis-client.ts'
import { localCounts, type OpenCount } from './local-counts.ts'

/**
 * Counts in Redis, so that several servers share one budget; while it is lost, every server counts for itself. (The
 * library's insuranceLimiter would count in its unbounded memory, and ask a silent Redis each time.)
 */
export function redisCounts({ client, ask }: Redis): OpenCount {
  const openLocal = localCounts()
  return (name, limit) => {
    const local = openLocal(name, limit)
    const shared = new RateLimiterRedis({
      storeClient: client,
      useRedisPackage: true,
      keyPrefix: `karcis:${name}`,
      points: limit.requests,
      duration: limit.window_s,
    })
    /** Beyond the limit the library rejects, with the same figures. */
    const consume = (key: string) =>
      shared.consume(key).catch((reason: unknown) => {
        if (reason instanceof RateLimiterRes) return reason
        throw reason
      })
    return (key, tell) =>
      ask(
        () => consume(key),
        ({ consumedPoints, msBeforeNext }) => tell(consumedPoints, msBeforeNext),
        () => local(key, tell),
      )
  }
}
