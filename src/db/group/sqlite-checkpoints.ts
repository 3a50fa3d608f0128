import { once } from 'node:events'
import { Worker } from 'node:worker_threads'

/** So long there is between one and the next. */
const pause_ms = 100

/**
 * Folds the log into the file, in a thread of its own, while groups are being written. Left to the connection that writes,
 * it would hold up a group whenever the log has reached its length; so, there is little left to do by then, and the log
 * begins anew.
 */
export function sqliteCheckpoints(file: string): { afterCommit: () => void; close: () => Promise<void> } {
  let thread: Worker | undefined
  let isBusy = false
  let last_ms = performance.now()

  function started(): Worker {
    if (thread) return thread
    const fresh = new Worker(new URL('sqlite-checkpoint-thread.ts', import.meta.url), { workerData: file })
    const forget = () => {
      if (thread === fresh) thread = undefined
      isBusy = false
    }
    // Without it, the connection that writes does all of it: slower, and as safe.
    fresh.on('error', forget)
    fresh.on('exit', forget)
    fresh.on('message', () => (isBusy = false))
    fresh.unref()
    return (thread = fresh)
  }

  return {
    afterCommit() {
      const now_ms = performance.now()
      if (isBusy || now_ms - last_ms < pause_ms) return
      last_ms = now_ms
      isBusy = true
      started().postMessage('checkpoint')
    },
    async close() {
      const closing = thread
      if (!closing) return
      closing.ref()
      const ended = once(closing, 'exit')
      closing.postMessage('close')
      await ended
    },
  }
}
