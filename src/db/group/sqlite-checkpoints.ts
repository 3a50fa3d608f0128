import { fileThread } from './sqlite-thread.ts'

/** So long there is between one and the next. */
const pause_ms = 100

/**
 * Folds the log into the file, in a thread of its own, while groups are being written. Left to the connection that writes,
 * it would hold up a group whenever the log has reached its length; so, there is little left to do by then, and the log
 * begins anew.
 */
export function sqliteCheckpoints(file: string): { afterCommit: () => void; close: () => Promise<void> } {
  let isBusy = false
  let last_ms = performance.now()
  const idle = () => (isBusy = false)
  // Without it, the connection that writes does all of it: slower, and as safe.
  const thread = fileThread(new URL('sqlite-checkpoint-thread.ts', import.meta.url), file, (begun) => {
    for (const event of ['message', 'error', 'exit']) begun.on(event, idle)
  })

  return {
    /** Never throws: what was kept is kept, whatever becomes of the log. */
    afterCommit() {
      const now_ms = performance.now()
      if (isBusy || now_ms - last_ms < pause_ms) return
      last_ms = now_ms
      try {
        thread.started().postMessage('checkpoint')
        isBusy = true
      } catch {
        // No thread is to be had now. It is tried again after a later commit.
      }
    },
    close: () => thread.close((closing) => closing.postMessage('close')),
  }
}
