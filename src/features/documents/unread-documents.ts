import { Readable } from 'node:stream'

/** A document that is made faster than it is read. */
export type UnreadDocument = {
  stream: Readable
  /** Takes the next piece of it; null: it has come to its end. */
  add: (piece: Uint8Array | null) => void
}

type Unread = { stream: Readable; bytes: number }

/**
 * Keeps what was made of documents until it is read, so that who reads slowly holds up nobody else. All of it together
 * is bounded: beyond that, who has been reading longest is cut off, and so is who reads nothing for a while.
 */
export function unreadDocuments(limits: {
  bytes_max: number
  /** Without reading anything of what is there. */
  stalled_ms_max: number
  read_ms_max: number
}): (onEnd: () => void) => UnreadDocument {
  /** The one that began first comes first. */
  const documents = new Set<Unread>()
  let bytes = 0

  function count(document: Unread, change: number): void {
    document.bytes += change
    bytes += change
  }
  function makeRoom(): void {
    for (const { stream, bytes: own } of documents) {
      if (bytes <= limits.bytes_max) return
      if (own > 0) stream.destroy(new Error('the document was read too slowly while many were'))
    }
  }

  return (onEnd) => {
    const pieces: (Uint8Array | null)[] = []
    let isWanted = false
    const stream = new Readable({
      // What is here and not read is counted, so a second heap of it would not be.
      highWaterMark: 0,
      read() {
        stalled.refresh()
        const piece = pieces.shift()
        if (piece === undefined) isWanted = true
        else hand(piece)
      },
      destroy(error, destroyed) {
        clearTimeout(stalled)
        clearTimeout(whole)
        count(document, -document.bytes)
        documents.delete(document)
        onEnd()
        destroyed(error)
      },
    })
    const document: Unread = { stream, bytes: 0 }
    const hand = (piece: Uint8Array | null) => {
      if (piece) count(document, -piece.byteLength)
      stream.push(piece)
    }
    const stalled = setTimeout(() => {
      // With nothing here it is the reader who waits.
      if (pieces.length === 0 && stream.readableLength === 0) stalled.refresh()
      else stream.destroy(new Error('the document was not read any further'))
    }, limits.stalled_ms_max).unref()
    const whole = setTimeout(
      () => stream.destroy(new Error('the document was not read in time')),
      limits.read_ms_max,
    ).unref()
    documents.add(document)
    return {
      stream,
      add(piece) {
        if (stream.destroyed) return
        if (piece) count(document, piece.byteLength)
        if (isWanted) {
          isWanted = false
          hand(piece)
        } else pieces.push(piece)
        makeRoom()
      },
    }
  }
}
