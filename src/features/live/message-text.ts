import type { LiveMessage } from './live.ts'

const texts = new WeakMap<LiveMessage, Buffer>()

/** A message as it goes over the wire; made once, however many it is sent to. */
export function textOf(message: LiveMessage): Buffer {
  let text = texts.get(message)
  if (!text) {
    const { type, channel, seq, data } = message
    text = Buffer.from(JSON.stringify({ type, channel, seq, data }))
    texts.set(message, text)
  }
  return text
}
