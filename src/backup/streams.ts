import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { bytesText } from '../doctor/result.ts'

const progress_ms = 2_000

/** Passes on what comes, and knows its length and its SHA-256. */
export function measured() {
  const hash = createHash('sha256')
  let bytes = 0
  const stream = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk)
      bytes += chunk.length
      done(null, chunk)
    },
  })
  return { stream, bytes: () => bytes, sha256: () => hash.digest('hex') }
}

/** Tells now and then how far it is, until `work` has ended. */
export async function withProgress<T>(
  what: string,
  bytes: () => number,
  print: (line: string) => void,
  work: () => Promise<T>,
): Promise<T> {
  const timer = setInterval(() => print(`${what}: ${bytesText(bytes())} so far`), progress_ms)
  try {
    return await work()
  } finally {
    clearInterval(timer)
  }
}

/** Length and SHA-256 of a file. */
export async function measureFile(path: string): Promise<{ bytes: number; sha256: string }> {
  const { stream, bytes, sha256 } = measured()
  await pipeline(createReadStream(path), stream.resume())
  return { bytes: bytes(), sha256: sha256() }
}
