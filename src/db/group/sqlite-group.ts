import type { Worker } from 'node:worker_threads'
import type { Kysely } from 'kysely'
import type { Schema } from '../schema.ts'
import { unreachable } from '../sqlite-connections.ts'
import { CommitOutcomeUnknown, type Group, type RunGroup } from './group.ts'
import { sqliteCheckpoints } from './sqlite-checkpoints.ts'
import { fileThread } from './sqlite-thread.ts'
import type { Answered, Asked } from './sqlite-writing-thread.ts'

/**
 * Groups on the embedded database, in a thread of its own: to write a group takes the processor and the disk as long as
 * to answer its requests, and both can be done at once. The thread is started with the first group.
 *
 * @param assertSameFile throws if another file has come under the name, which the thread would open
 * @param writer this process's other way to write; a group takes its turn there, so that neither waits for the file's lock
 */
export function sqliteGroups(
  file: string,
  writer: Kysely<Schema>,
  assertSameFile: () => void,
): { run: RunGroup; close: () => Promise<void> } {
  const checkpoints = sqliteCheckpoints(file)
  const thread = fileThread(new URL('sqlite-writing-thread.ts', import.meta.url), file)

  const run: RunGroup = (work) =>
    writer.connection().execute(async () => {
      assertSameFile()
      let state = 'idle' as 'idle' | 'open' | 'done'
      const commit = async (asked: Asked) => {
        // Whatever fails has rolled back already; only a thread that is gone can't say.
        state = 'done'
        await ask(thread.started(), asked, () => new CommitOutcomeUnknown('the thread that writes ended in a commit'))
        checkpoints.afterCommit()
      }
      const group: Group = {
        async read(reads) {
          state = 'open'
          return ask(thread.started(), { kind: 'read', reads }, ended)
        },
        commit: (writes) => commit({ kind: 'commit', writes }),
        commitAtOnce: (guard, writes) => commit({ kind: 'commitAtOnce', guard, writes }),
      }
      try {
        return await work(group)
      } finally {
        // If the thread is gone, so is its transaction.
        const running = thread.running()
        if (state === 'open' && running) await ask(running, { kind: 'rollback' }, ended).catch(() => {})
      }
    })

  return {
    run,
    async close() {
      await checkpoints.close()
      await thread.close((closing) => closing.postMessage({ kind: 'close' } satisfies Asked))
    },
  }
}

function errorOf({ message, errcode, mayBeKept }: Extract<Answered, { error: unknown }>['error']): Error {
  return mayBeKept ? new CommitOutcomeUnknown(message) : Object.assign(new Error(message), { errcode })
}

const ended = () => unreachable('the thread that writes has ended')

/** One question at a time: a group's turn ends with its answer. */
function ask(thread: Worker, asked: Asked, lost: () => Error): Promise<Record<string, unknown>[][]> {
  thread.ref()
  return new Promise((resolve, reject) => {
    const settle = () => {
      thread.off('message', answered)
      thread.off('error', gone)
      thread.off('exit', gone)
      thread.unref()
    }
    const answered = (answer: Answered) => {
      settle()
      if ('rows' in answer) resolve(answer.rows)
      else reject(errorOf(answer.error))
    }
    const gone = () => {
      settle()
      reject(lost())
    }
    thread.on('message', answered)
    thread.on('error', gone)
    thread.on('exit', gone)
    thread.postMessage(asked)
  })
}
