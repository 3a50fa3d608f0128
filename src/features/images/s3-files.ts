import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { setTimeout as wait } from 'node:timers/promises'
import { AwsClient } from 'aws4fetch'
import { DomainError } from '../../lib/errors.ts'
import type { FileStore } from '../../lib/file-store.ts'

export type S3Settings = Readonly<{
  /** Without a slash at the end. */
  endpoint: string
  bucket: string
  region: string
  accessKeyId: string
  secretAccessKey: string
}>

const timeout_ms_default = 5_000
const tries_max = 3
const backoff_ms = 200
/** Many times what we write ourselves. */
const file_bytes_max = 20 * 1024 * 1024

/**
 * Files in storage that speaks S3, by URLs with the bucket in their path, which all such storage understands.
 *
 * Each of the three calls may be made twice without harm, so one that fails or is not answered in time is made again, a
 * few times. Files are small, so one is read whole before a byte of it is passed on: what breaks off is read again, too.
 *
 * @param limits.timeout_ms for one try, to the last byte of the answer
 */
export function s3Files(
  { endpoint, bucket, region, accessKeyId, secretAccessKey }: S3Settings,
  { timeout_ms = timeout_ms_default } = {},
): FileStore {
  const aws = new AwsClient({ accessKeyId, secretAccessKey, service: 's3', region })

  async function exchange(method: 'PUT' | 'GET' | 'DELETE', name: string, body?: Buffer, type?: string) {
    const request = await aws.sign(`${endpoint}/${bucket}/${name}`, {
      method,
      headers: {
        // Signed with the rest: not a byte of it can be changed on its way.
        'x-amz-content-sha256': createHash('sha256')
          .update(body ?? '')
          .digest('hex'),
        ...(type && { 'content-type': type }),
      },
      ...(body && { body: new Uint8Array(body) }),
      redirect: 'manual',
    })
    const answer = await fetch(request, { signal: AbortSignal.timeout(timeout_ms) })
    return { status: answer.status, bytes: await readAll(answer) }
  }

  async function ask(...call: Parameters<typeof exchange>): Promise<{ status: number; bytes: Buffer }> {
    for (let tries = 1; ; tries++) {
      try {
        const { status, bytes } = await exchange(...call)
        if (status < 300 || (status === 404 && call[0] !== 'PUT')) return { status, bytes }
        throw new Error(`the storage answered ${status} to a ${call[0]}`)
      } catch (error) {
        if (tries >= tries_max) throw new DomainError('files_unavailable', undefined, { cause: error })
        // Full jitter: those who met once should not meet again at the same moment.
        await wait(Math.random() * backoff_ms * 2 ** tries)
      }
    }
  }

  return {
    async put(name, bytes, contentType) {
      await ask('PUT', name, bytes, contentType)
    },
    async open(name) {
      const { status, bytes } = await ask('GET', name)
      return status === 404 ? undefined : { stream: Readable.from([bytes]), bytes: bytes.length }
    },
    async remove(name) {
      await ask('DELETE', name)
    },
  }
}

async function readAll(answer: Response): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  let size = 0
  // Leaving the loop cancels what is still to come.
  for await (const chunk of answer.body ?? []) {
    size += chunk.length
    if (size > file_bytes_max) throw new Error('the storage answered more than was ever put there')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
