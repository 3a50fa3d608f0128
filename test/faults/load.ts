import { setTimeout as sleep } from 'node:timers/promises'
import { http } from '../support/servers.ts'

/** What a crowd of customers was told while something broke. */
export type Told = {
  /** Ids of the bookings that were answered 201. */
  booked: number[]
  /** How often each status came; 0 is a connection that broke. */
  statuses: Map<number, number>
}

/**
 * Customers who book one after the other, without pause, until `stop` is called. One whose connection breaks,
 * or who is told to come back, waits a moment.
 */
export function startCrowd(url: string, size: number, order: { customer_id: number; event_id: number }) {
  const told: Told = { booked: [], statuses: new Map() }
  const end = new AbortController()
  const one = async (n: number) => {
    while (!end.signal.aborted) {
      const body = { ...order, quantity: 1 + (n % 3) }
      const { status, body: answer } = await http('POST', `${url}/bookings`, body).catch(() => ({
        status: 0,
        body: null,
      }))
      told.statuses.set(status, (told.statuses.get(status) ?? 0) + 1)
      if (status === 201) told.booked.push(answer.data.id)
      else await sleep(20)
    }
  }
  const crowd = Promise.all(Array.from({ length: size }, (_, n) => one(n)))
  return {
    told,
    async stop(): Promise<Told> {
      end.abort()
      await crowd
      return told
    },
  }
}
