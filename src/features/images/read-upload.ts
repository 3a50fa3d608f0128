import type { FastifyRequest } from 'fastify'
import { DomainError } from '../../lib/errors.ts'

export const upload_bytes_max = 10 * 1024 * 1024
/** What stands between and around the parts, and the words on the picture. */
const rest_bytes_max = 64 * 1024

const not_utf8_message = 'send the words on the picture in UTF-8'

const limits = {
  fileSize: upload_bytes_max,
  files: 1,
  fields: 1,
  parts: 2,
  fieldNameSize: 100,
  fieldSize: 2_000,
  headerPairs: 20,
}

/**
 * Reads a form with one file, `image`, and whatever fields there are, which are yet to be checked. Everything is bounded
 * while it comes, and nothing touches the disk.
 *
 * @throws DomainError `unsupported_content_type`, `image_missing`, `image_too_large`, `invalid_upload`
 */
export async function readUpload(request: FastifyRequest): Promise<{ bytes: Buffer; fields: Record<string, unknown> }> {
  if (!request.isMultipart()) throw new DomainError('unsupported_content_type', content_type_message)
  if (Number(request.headers['content-length'] ?? 0) > upload_bytes_max + rest_bytes_max) {
    throw new DomainError('image_too_large')
  }
  let bytes: Buffer | undefined
  const fields: [string, unknown][] = []
  try {
    for await (const part of request.parts({ limits })) {
      if (part.type === 'file') {
        // Read, whatever it is called: a part that nobody reads holds up all that comes after it.
        const file = await part.toBuffer()
        if (part.fieldname !== 'image') throw new DomainError('image_missing')
        bytes = file
      } else {
        if (part.fieldnameTruncated || part.valueTruncated) throw new DomainError('invalid_upload')
        // What was not UTF-8 has become this, and nobody means to write it.
        if (String(part.value).includes('\uFFFD')) throw new DomainError('invalid_upload', not_utf8_message)
        fields.push([part.fieldname, part.value])
      }
    }
  } catch (error) {
    // The rest is let through to nowhere, so that the client comes to read the refusal.
    request.raw.unpipe()
    request.raw.resume()
    throw refusalOf(error)
  }
  if (!bytes || bytes.length === 0) throw new DomainError('image_missing')
  return { bytes, fields: Object.fromEntries(fields) }
}

export const content_type_message = "content type must be 'multipart/form-data'"

/** Whatever goes wrong while a form is read, the form is to blame, or the line that it comes by. */
function refusalOf(error: unknown): DomainError {
  if (error instanceof DomainError) return error
  const isTooLarge = (error as { code?: unknown }).code === 'FST_REQ_FILE_TOO_LARGE'
  return new DomainError(isTooLarge ? 'image_too_large' : 'invalid_upload', undefined, { cause: error })
}
