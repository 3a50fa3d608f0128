import { DomainError, type ErrorCode } from '../../lib/errors.ts'
import type { Channel, LiveMessage } from '../live/live.ts'
import type { GraphContext } from './context.ts'

/** Of one's own bookings each is a state of its own; of all else the newest is all there is to say. */
const waiting_max = 100

/**
 * The messages of a channel, one by one, for as long as somebody asks for the next. Who is slow misses states that are old by
 * then, and is told where that matters.
 *
 * @throws DomainError what `subscribe` refuses; from the messages, why they have ended
 */
export async function watch(
  { deps: { live }, caller, whoNow }: GraphContext,
  channel: Channel,
  after: number | undefined,
): Promise<AsyncIterable<LiveMessage>> {
  const waiting: LiveMessage[] = []
  let wanted: PromiseWithResolvers<IteratorResult<LiveMessage>> | undefined
  let hasEnded = false
  let end = () => {}
  let reason: DomainError | undefined

  function take(message: LiveMessage): void {
    if (message.type === 'ended') return stop(message)
    if (wanted) {
      wanted.resolve({ done: false, value: message })
      wanted = undefined
      return
    }
    if (channel !== 'me') waiting.length = 0
    if (waiting.length < waiting_max) waiting.push(message)
    else waiting.splice(0, waiting_max, { ...message, type: 'read_anew', data: null })
  }
  function stop({ data }: LiveMessage): void {
    const { code, message } = data as { code: ErrorCode; message: string }
    reason = new DomainError(code, message)
    end()
    wanted?.reject(reason)
    wanted = undefined
  }
  // There are no sockets without it, so nobody gets here.
  if (!live) throw new DomainError('operation_not_here', 'there are no subscriptions on this server')
  end = await live.subscribe(caller, channel, take, after, whoNow)

  const messages: AsyncIterator<LiveMessage> = {
    async next() {
      const value = waiting.shift()
      if (value) return { done: false, value }
      if (reason) throw reason
      if (hasEnded) return { done: true, value: undefined }
      wanted = Promise.withResolvers()
      return wanted.promise
    },
    async return() {
      hasEnded = true
      waiting.length = 0
      end()
      wanted?.resolve({ done: true, value: undefined })
      return { done: true, value: undefined }
    },
  }
  return { [Symbol.asyncIterator]: () => messages }
}
