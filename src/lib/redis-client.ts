import type { Logger } from 'pino'
import { createClient } from 'redis'
import { watch } from './metrics.ts'

/** So long a request waits for Redis; then it is answered without. */
const wait_ms_max = 5
const retry_ms = 1_000
const reconnect_ms = 500
const connect_ms_max = 2_000

/** A ping each second keeps a sound connection from looking silent, and shows the end of one whose other end is gone. */
const ping_ms = 1_000
const silence_ms_max = 5_000

/** A Redis that may be asked what nothing depends on. */
export type Redis = Readonly<{
  client: ReturnType<typeof clientOf>
  /**
   * Asks unless Redis is lost, and calls one of the two, once: `take` with the answer, or `without` when there is none in
   * time. An answer that is late or an error is the end of asking, until Redis is back.
   */
  ask: <T>(command: () => Promise<T>, take: (answer: T) => void, without: () => void) => void
  /** How often it was lost, and whether it may be asked now. */
  counts: () => Readonly<{ lost: number; is_up: boolean }>
  close: () => void
}>

/**
 * Connects to Redis for what is only quicker or better with it. Nobody waits for it when it starts later than this
 * server, when the connection is lost, when Redis refuses, or when it is silent for longer than a request may wait: from
 * then on it is not asked, until it has kept a trial value.
 */
export function openRedis(url: string, log: Logger): Redis {
  const client = clientOf(url)
  let isUp = true
  let isClosed = false
  let lost = 0

  const lose = (error: unknown) => {
    if (!isUp || isClosed) return
    isUp = false
    lost++
    log.warn({ err: error }, 'Redis is lost: until it is back, this server counts requests and keeps pages for itself')
    tryLater()
  }
  const tryLater = () => {
    if (isClosed) return
    // A value is written, since a Redis that is full or a replica answers a ping as if nothing were wrong.
    setTimeout(() => void client.set('karcis:trial', '1', { EX: 60 }).then(found, tryLater), retry_ms).unref()
  }
  const found = () => {
    isUp = true
    log.info('Redis is back: requests are counted and pages kept there again')
  }

  watch('karcis_redis_up', { use: 'shared' }, () => (isUp && client.isReady ? 1 : 0))

  // Without a listener, an error would end the process.
  client.on('error', lose)
  client.connect().catch(lose)

  return {
    client,
    ask(command, take, without) {
      if (!isUp || !client.isReady) return without()
      let isOver = false
      const end = (then: () => void) => {
        if (isOver) return
        isOver = true
        clearTimeout(timer)
        then()
      }
      const giveUp = (error: unknown) =>
        end(() => {
          lose(error)
          without()
        })
      // If it was us who were busy, the answer is here already, and is read between a timer and setImmediate.
      const timer = setTimeout(
        () => setImmediate(() => giveUp(new Error(`no answer within ${wait_ms_max} ms`))),
        wait_ms_max,
      )
      // oxlint-disable-next-line promise/no-callback-in-promise -- once either way, and without a promise more
      command().then((answer) => end(() => take(answer)), giveUp)
    },
    counts: () => ({ lost, is_up: isUp && client.isReady }),
    close() {
      isClosed = true
      client.destroy()
    },
  }
}

function clientOf(url: string) {
  return createClient({
    url,
    // What can't be asked now is decided without it, not kept for later.
    disableOfflineQueue: true,
    // A timer of its own for each command, for a queue that we have just switched off.
    commandOptions: { timeout: undefined },
    maintNotifications: 'disabled',
    pingInterval: ping_ms,
    socket: { connectTimeout: connect_ms_max, socketTimeout: silence_ms_max, reconnectStrategy: () => reconnect_ms },
  })
}
