import type { IncomingMessage } from 'node:http'

/** Who sends more than this, or more slowly, may find the connection reset. */
const bytes_max = 32 * 1024 * 1024
const wait_ms_max = 2_000

/**
 * Reads the rest of a body that was refused, and keeps nothing of it. A connection that is closed with something unread is
 * reset, and who is still sending then loses the answer that says why:
 * https://www.rfc-editor.org/rfc/rfc9112#section-9.6
 */
export function discardBody(request: IncomingMessage): Promise<void> {
  return new Promise((resolve) => {
    if (request.complete || request.destroyed) return resolve()
    let bytes = 0
    const count = (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes > bytes_max) end()
    }
    const end = () => {
      clearTimeout(late)
      request.off('data', count)
      for (const event of ['end', 'error', 'close']) request.off(event, end)
      resolve()
    }
    const late = setTimeout(end, wait_ms_max)
    for (const event of ['end', 'error', 'close']) request.on(event, end)
    request.on('data', count)
    request.resume()
  })
}
