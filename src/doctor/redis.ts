import { compareClocks } from './clock.ts'
import { good, saidBy, warning, wrong, type Result } from './result.ts'

const connect_ms_max = 3_000
/** A request waits for Redis no longer than 5 ms (http/redis-counts.ts). */
const answer_ms_warned = 3
const pings = 5

/** Whether Redis answers, how fast, and what it does when it is full. */
export async function examineRedis(url: string | undefined): Promise<Result[]> {
  if (url === undefined) return [good('REDIS_URL is not set: each server counts requests for itself')]
  const { createClient } = await import('redis')
  const client = createClient({
    url,
    disableOfflineQueue: true,
    maintNotifications: 'disabled',
    socket: { connectTimeout: connect_ms_max, socketTimeout: connect_ms_max, reconnectStrategy: false },
  })
  // Without a listener, an error would end the process; `connect` tells of it, too.
  client.on('error', () => {})
  try {
    await client.connect()
    await client.set('karcis:doctor', '1', { EX: 60 })
    const took: number[] = []
    for (let i = 0; i < pings; i++) {
      const before = performance.now()
      await client.ping()
      took.push(performance.now() - before)
    }
    const info = infoOf(await client.info())
    return [
      good(`Redis ${info.get('redis_version')}`),
      latency(took.toSorted((a, b) => a - b)[(pings - 1) / 2]!),
      memory(info),
      await compareClocks('Redis', async () => {
        const [s, µs] = await client.sendCommand<[string, string]>(['TIME'])
        return Number(s) * 1_000 + Number(µs) / 1_000
      }),
    ]
  } catch (error) {
    const { password, username } = new URL(url)
    const what = `Redis can't be used: ${saidBy(error, [decodeURIComponent(password), decodeURIComponent(username)])}`
    const advice = 'Start it, or check REDIS_URL. Until then each server counts for itself, and keeps selling.'
    return [wrong(what, advice)]
  } finally {
    client.destroy()
  }
}

function latency(ms: number): Result {
  const what = `it answers in ${ms.toFixed(1)} ms`
  if (ms <= answer_ms_warned) return good(what)
  return warning(what, 'Put Redis nearer: after 5 ms a server counts for itself.')
}

/** What is kept there has an end of its own, so anything may be thrown out, and nothing need be refused. */
function memory(info: ReadonlyMap<string, string>): Result {
  const [policy, max] = [info.get('maxmemory_policy'), info.get('maxmemory_human')]
  if (info.get('maxmemory') === '0') {
    return warning('maxmemory is not set: it may grow until the machine is full', 'Set maxmemory, such as 256mb.')
  }
  if (policy === 'noeviction') {
    return warning('maxmemory-policy is noeviction: full, it refuses', 'Set maxmemory-policy to allkeys-lru.')
  }
  return good(`maxmemory ${max}, ${policy}`)
}

const infoOf = (text: string) =>
  new Map(text.split('\r\n').flatMap((line) => (line.includes(':') ? [line.split(':', 2) as [string, string]] : [])))
