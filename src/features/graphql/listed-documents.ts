import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { StartupError } from '../../lib/errors.ts'

/** Documents by the SHA-256 of their text, in hexadecimal. */
export type ListedDocuments = ReadonlyMap<string, string>

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

/**
 * The documents that may be run, from a JSON file: an array of them, or an object of them by their hashes.
 *
 * @throws StartupError if it can't be read, or a hash is not that of its document
 */
export async function readListed(file: string): Promise<ListedDocuments> {
  const content = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new StartupError(`GRAPHQL_DOCUMENTS names a file that can't be read: ${error.message}.`)
  })
  const listed = readJson(content)
  const entries = Array.isArray(listed)
    ? listed.map((document: unknown) => [sha256(String(document)), document] as const)
    : Object.entries(listed)
  const documents = new Map<string, string>()
  for (const [hash, document] of entries) {
    if (typeof document !== 'string') throw new StartupError('GRAPHQL_DOCUMENTS must list documents as texts.')
    if (sha256(document) !== hash)
      throw new StartupError(`GRAPHQL_DOCUMENTS: ${hash} is not the SHA-256 of its document.`)
    documents.set(hash, document)
  }
  return documents
}

function readJson(content: string): object {
  try {
    const listed: unknown = JSON.parse(content)
    if (typeof listed === 'object' && listed !== null) return listed
  } catch {
    // Said below, without what is in the file.
  }
  throw new StartupError(
    'GRAPHQL_DOCUMENTS must name a file of JSON: an array of documents, or an object of them by hash.',
  )
}
