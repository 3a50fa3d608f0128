import { Worker } from 'node:worker_threads'
import { unreachable } from '../sqlite-connections.ts'

/** A thread that has the database's file open. */
export type FileThread = Readonly<{
  /**
   * Started when it is first needed; after one has ended, another.
   *
   * @throws an error that is taken for SQLite's own, where the system has no thread left
   */
  started: () => Worker
  running: () => Worker | undefined
  /** Asks it to end, and waits until it has. */
  close: (ask: (thread: Worker) => void) => Promise<void>
}>

/** @param begun told of each thread that is started */
export function fileThread(script: URL, file: string, begun: (thread: Worker) => void = () => {}): FileThread {
  let thread: Worker | undefined

  return {
    running: () => thread,
    started() {
      if (thread) return thread
      const fresh = start(script, file)
      const forget = () => {
        if (thread === fresh) thread = undefined
      }
      fresh.on('error', forget)
      fresh.on('exit', forget)
      // Idle, it keeps no process from ending.
      fresh.unref()
      begun(fresh)
      return (thread = fresh)
    },
    async close(ask) {
      const closing = thread
      if (!closing) return
      closing.ref()
      // One that fails meanwhile ends as well, and there is nothing left to say to that.
      const exit = new Promise<void>((resolve) => closing.once('exit', () => resolve()))
      ask(closing)
      await exit
    },
  }
}

function start(script: URL, file: string): Worker {
  try {
    return new Worker(script, { workerData: file })
  } catch (error) {
    throw unreachable('a thread for the database can not be started', { cause: error })
  }
}
