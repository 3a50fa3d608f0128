import { Readable } from 'node:stream'
import { MessageChannel, Worker } from 'node:worker_threads'
import { DomainError } from '../../lib/errors.ts'
import type { PrintJob } from './print-job.ts'
import type { Printed } from './print-worker.ts'

/** Documents under way at a time. */
const at_once_max = 4
const waiting_max = 50
const wait_ms_max = 10_000
/** A reader who is slower gets no more of it: others wait. */
const document_ms_max = 60_000
const retry_after_s = 5
const worker_memory_mb = 512

let worker: Worker | undefined
let under_way = 0
const waiting = new Set<() => void>()

/**
 * Makes a document in a thread of its own: fonts are cut to what is used in one go, which would hold up every request
 * for as long. Its stream is read as it is made; who stops reading stops the making.
 *
 * @param makeJob what is to be printed; asked for when it is this document's turn
 * @throws DomainError `server_busy` when too many wait, or for too long, and what `makeJob` throws
 */
export async function print(makeJob: () => Promise<PrintJob>): Promise<Readable> {
  await takeTurn()
  let hasTurn = true
  const done = () => {
    if (hasTurn) giveTurn()
    hasTurn = false
  }
  try {
    return await documentOf(await makeJob(), done)
  } catch (error) {
    done()
    throw error
  }
}

async function takeTurn(): Promise<void> {
  if (under_way < at_once_max) {
    under_way++
    return
  }
  const busy = () => new DomainError('server_busy', undefined, { retry_after_s })
  if (waiting.size >= waiting_max) throw busy()
  await new Promise<void>((resolve, reject) => {
    const giveUp = () => {
      waiting.delete(take)
      reject(busy())
    }
    const timer = setTimeout(giveUp, wait_ms_max)
    const take = () => {
      clearTimeout(timer)
      waiting.delete(take)
      resolve()
    }
    waiting.add(take)
  })
}

/** Whoever has waited longest takes it over. */
function giveTurn(): void {
  const [next] = waiting
  if (next) next()
  else under_way--
}

/**
 * The stream, once its first piece is there: what can't be made at all fails before anything is sent.
 *
 * @param done told when there is nothing more to make, whether it has been read or not
 */
async function documentOf(job: PrintJob, done: () => void): Promise<Readable> {
  const { port1: port, port2 } = new MessageChannel()
  return new Promise<Readable>((resolve, reject) => {
    let isHandedOut = false
    const stream = new Readable({
      read: () => port.postMessage('more'),
      destroy(error, destroyed) {
        clearTimeout(timer)
        port.close()
        done()
        // Nobody listens to the stream yet.
        if (error && !isHandedOut) {
          reject(error)
          return destroyed(null)
        }
        return destroyed(error)
      },
    })
    const timer = setTimeout(() => stream.destroy(new Error('the document was not read in time')), document_ms_max)
    timer.unref()
    port.on('message', (printed: Printed) => {
      if ('error' in printed) {
        stream.destroy(new Error(`the document could not be made: ${printed.error}`))
        return
      }
      if ('end' in printed) done()
      stream.push('end' in printed ? null : printed.piece)
      isHandedOut = true
      resolve(stream)
    })
    port.on('close', () => {
      if (!stream.readableEnded) stream.destroy(new Error('the document was not finished'))
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
