import type { Readable } from 'node:stream'

/** Where files that people upload are kept: a folder, or storage that speaks S3. Names are the code's own. */
export type FileStore = Readonly<{
  /** Keeps it whole or not at all; what is there already under this name is the same, and stays. */
  put: (name: string, bytes: Buffer, contentType: string) => Promise<void>
  /** Undefined if there is none of this name. */
  open: (name: string) => Promise<{ stream: Readable; bytes: number } | undefined>
  /** One that is not there is removed already. */
  remove: (name: string) => Promise<void>
}>
