import type { LiveMessage } from './live.ts'

const texts = new WeakMap<LiveMessage, string>()
const frames = new WeakMap<LiveMessage, Buffer>()

/** A message as text; made once, however many it is sent to. */
export function textOf(message: LiveMessage): string {
  let text = texts.get(message)
  if (text === undefined) {
    const { type, channel, seq, data } = message
    text = JSON.stringify({ type, channel, seq, data })
    texts.set(message, text)
  }
  return text
}

/**
 * The same as the one frame of a WebSocket that carries it, from the server's side, which masks nothing and here compresses
 * nothing: https://www.rfc-editor.org/rfc/rfc6455#section-5.2
 */
export function frameOf(message: LiveMessage): Buffer {
  let frame = frames.get(message)
  if (!frame) {
    frame = textFrame(Buffer.from(textOf(message)))
    frames.set(message, frame)
  }
  return frame
}

const final_text = 0x81

export function textFrame(payload: Buffer): Buffer {
  const { length } = payload
  if (length < 126) return Buffer.concat([Buffer.from([final_text, length]), payload])
  const isLong = length > 0xffff
  const head = Buffer.from([final_text, isLong ? 127 : 126, ...Array.from({ length: isLong ? 8 : 2 }, () => 0)])
  if (isLong) head.writeBigUInt64BE(BigInt(length), 2)
  else head.writeUInt16BE(length, 2)
  return Buffer.concat([head, payload])
}
