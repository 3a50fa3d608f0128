import { parentPort, type MessagePort } from 'node:worker_threads'
import type { PrintJob } from './print-job.ts'
import { ticketDocument } from './ticket-document.ts'

/** What the worker tells of a document: a piece of it, its end, or that it failed. */
export type Printed = { piece: Uint8Array<ArrayBuffer> } | { end: true } | { error: string }

/** Pieces made ahead of who reads them. */
const ahead_max = 16

// The port is closed by who doesn't want the rest. Each message on it asks for one more piece.
parentPort!.on('message', ({ job, port }: { job: PrintJob; port: MessagePort }) => {
  let wanted = ahead_max
  let isMaking = false
  const document = ticketDocument(job)
  const tell = (printed: Printed) => port.postMessage(printed)

  function makeNext(): void {
    isMaking = false
    if (wanted <= 0) return
    try {
      const { value, done } = document.next()
      if (done) return tell({ end: true })
      if (value.length > 0) {
        tell({ piece: value })
        wanted--
      }
    } catch (error) {
      return tell({ error: (error as Error).stack ?? String(error) })
    }
    goOn()
  }
  /** By way of the event loop: other documents get their turn, and this one may be given up. */
  function goOn(): void {
    if (isMaking || wanted <= 0) return
    isMaking = true
    next = setImmediate(makeNext)
  }
  let next: NodeJS.Immediate | undefined

  port.on('message', () => {
    wanted++
    goOn()
  })
  port.on('close', () => {
    clearImmediate(next)
    document.return(undefined)
  })
  goOn()
})
