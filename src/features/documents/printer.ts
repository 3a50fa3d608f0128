import type { Readable } from 'node:stream'
import { MessageChannel, Worker } from 'node:worker_threads'
import type { PrintJob } from './print-job.ts'
import type { Printed } from './print-worker.ts'
import { openTurns, type Turn } from './turns.ts'
import { unreadDocuments } from './unread-documents.ts'

/**
 * Who a document is for: a mail, which has turns of its own, or somebody who reads it, and is told apart from others who
 * do by this name.
 */
export type Asker = 'mail' | `account ${number}` | `booking ${number}` | `ticket ${number}` | `network ${string}`

const patience = { waiting_max: 50, wait_ms_max: 10_000 }
const takeReadersTurn = openTurns({ at_once_max: 3, each_max: 2, each_waiting_max: 4, ...patience })
const takeMailsTurn = openTurns({ at_once_max: 2, each_max: 2, each_waiting_max: patience.waiting_max, ...patience })

/** A document of a thousand tickets is some 5 MB. */
const keepUnread = unreadDocuments({ bytes_max: 64 * 1024 * 1024, stalled_ms_max: 10_000, read_ms_max: 60_000 })

const worker_memory_mb = 512

let worker: Worker | undefined

/**
 * Makes a document in a thread of its own: fonts are cut to what is used in one go, which would hold up every request
 * for as long. Its stream can be read as it is made; how fast holds up nobody else. Who gives it up stops the making.
 *
 * @param makeJob what is to be printed; asked for when it is this document's turn
 * @throws DomainError `server_busy` when too many wait, or for too long, `too_many_requests` when too many of this asker
 *   do, and what `makeJob` throws
 */
export async function print(asker: Asker, makeJob: () => Promise<PrintJob>): Promise<Readable> {
  const turn = await (asker === 'mail' ? takeMailsTurn : takeReadersTurn)(asker)
  try {
    return await documentOf(await makeJob(), turn)
  } catch (error) {
    turn.end()
    throw error
  }
}

/** The stream, once its first piece is there: what can't be made at all fails before anything is sent. */
async function documentOf(job: PrintJob, turn: Turn): Promise<Readable> {
  const { port1: port, port2 } = new MessageChannel()
  return new Promise<Readable>((resolve, reject) => {
    let isMade = false
    const { stream, add } = keepUnread(() => {
      port.close()
      turn.end()
    })
    // While nobody else listens to the stream; after that it does nothing.
    stream.once('error', reject)
    port.on('message', (printed: Printed) => {
      if ('error' in printed) return stream.destroy(new Error(`the document could not be made: ${printed.error}`))
      isMade = 'end' in printed
      if ('end' in printed) {
        turn.endMaking()
        port.close()
        add(null)
      } else {
        port.postMessage('more')
        add(printed.piece)
      }
      return resolve(stream)
    })
    port.on('close', () => {
      if (!isMade) stream.destroy(new Error('the document was not finished'))
    })
    theWorker().postMessage({ job, port: port2 }, [port2])
  })
}

/** Started when it is first needed; what ends it takes its documents with it, and the next one starts another. */
function theWorker(): Worker {
  if (!worker) {
    const started = new Worker(new URL('print-worker.ts', import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: worker_memory_mb },
    })
    const forget = () => {
      if (worker === started) worker = undefined
    }
    started.on('error', forget)
    started.on('exit', forget)
    // Idle, it keeps no process from ending.
    started.unref()
    worker = started
  }
  return worker
}
