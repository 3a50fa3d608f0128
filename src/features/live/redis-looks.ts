import type { Logger } from 'pino'
import { createClient } from 'redis'

const channel = 'karcis:look'
const reconnect_ms = 500
const connect_ms_max = 2_000
/** A ping each second shows the end of a connection whose other end is gone. */
const ping_ms = 1_000
const silence_ms_max = 5_000
/** Others are told once, however many commits there are within this time. */
const gather_ms = 10

/** Tells other processes that there is something to look at, and hears it from them. What is lost is seen by polling. */
export type Looks = Readonly<{
  tell: () => void
  /** Returns what ends it. */
  listen: (look: () => void) => () => void
  /** Whether what others tell is heard now. */
  isUp: () => boolean
  close: () => void
}>

/** Over Redis pub/sub. It says so once when Redis is lost, and once when it is back; until then nobody waits for it. */
export function redisLooks(url: string, log: Logger): Looks {
  const client = createClient({
    url,
    // What can't be told now is seen by polling.
    disableOfflineQueue: true,
    commandOptions: { timeout: undefined },
    maintNotifications: 'disabled',
    pingInterval: ping_ms,
    socket: { connectTimeout: connect_ms_max, socketTimeout: silence_ms_max, reconnectStrategy: () => reconnect_ms },
  })
  const subscriber = client.duplicate({ disableOfflineQueue: false })
  const looks = new Set<() => void>()
  let isLost = false
  let isClosed = false
  let isTelling = false
  let hasSubscribed = false

  const lost = (error: unknown) => {
    if (isLost || isClosed) return
    isLost = true
    log.warn(
      { err: error },
      'Redis is lost: changes of other servers are seen by polling the database until it is back',
    )
  }
  /** Both connections are needed, and come back one after the other. */
  const found = () => {
    if (!client.isReady || (hasSubscribed && !subscriber.isReady)) return
    if (isLost) log.info('Redis is back: servers tell each other of their changes again')
    isLost = false
  }
  // Without a listener, an error would end the process.
  client.on('error', lost)
  client.on('ready', found)
  subscriber.on('error', lost)
  subscriber.on('ready', () => {
    found()
    // What was told meanwhile was not heard.
    for (const look of looks) look()
  })
  client.connect().catch(lost)

  function subscribe(): void {
    if (hasSubscribed) return
    hasSubscribed = true
    subscriber.connect().catch(lost)
    // Kept by the client, and said again after each time that it had to connect anew.
    subscriber.subscribe(channel, () => looks.forEach((look) => look())).catch(lost)
  }

  return {
    tell() {
      if (isTelling || !client.isReady) return
      isTelling = true
      setTimeout(() => {
        isTelling = false
        client.publish(channel, '').catch(lost)
      }, gather_ms)
    },
    listen(look) {
      subscribe()
      looks.add(look)
      return () => void looks.delete(look)
    },
    isUp: () => subscriber.isReady,
    close() {
      isClosed = true
      client.destroy()
      if (hasSubscribed) subscriber.destroy()
    },
  }
}
