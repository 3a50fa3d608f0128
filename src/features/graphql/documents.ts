import { GraphQLError, Kind, parse, type DocumentNode, type OperationDefinitionNode } from 'graphql'
import { LRUCache } from 'lru-cache'
import { DomainError } from '../../lib/errors.ts'
import { limits } from './limits.ts'
import { sha256, type ListedDocuments } from './listed-documents.ts'
import { tooComplex } from './weigh.ts'

/** What a request says of the document to run: its text, its hash, or both. */
export type AskedDocument = { query?: string | undefined; hash?: string | undefined }

export type Documents = {
  /**
   * The document to run, parsed and with its text.
   *
   * @throws DomainError `invalid_document`, `document_too_complex`, `document_not_listed`, `persisted_query_not_found`,
   *   `persisted_query_mismatch`; GraphQLError for what is no GraphQL
   */
  read: (asked: AskedDocument) => Document
}
export type Document = Readonly<{ source: string; parsed: DocumentNode }>

const parsed_max = 500
/** Of the texts that clients have named by their hashes. */
const persisted_length_max = 2_000_000

/**
 * The documents that this server has seen. Those that come with their hash are kept under it, until there are too many, so
 * that clients may name them by it from then on: what Apollo calls automatic persisted queries
 * (https://www.apollographql.com/docs/apollo-server/performance/apq).
 *
 * @param listed if given, these are run and no others
 */
export function openDocuments(listed?: ListedDocuments): Documents {
  const parsed = new LRUCache<string, Document>({ max: parsed_max })
  const persisted = new LRUCache<string, string>({
    maxSize: persisted_length_max,
    sizeCalculation: (source) => source.length + 100,
  })

  function sourceOf({ query, hash }: AskedDocument): string {
    if (query === undefined && hash === undefined) throw new DomainError('invalid_request', 'query is required')
    const named = listed ? (hash ?? sha256(query!)) : hash
    const known = named && (listed ?? persisted).get(named)
    if (query === undefined || listed) {
      if (known === undefined)
        throw new DomainError(query === undefined ? 'persisted_query_not_found' : 'document_not_listed')
      if (query !== undefined && query !== known) throw new DomainError('document_not_listed')
      return known
    }
    return query
  }

  return {
    read(asked) {
      const source = sourceOf(asked)
      const document = parsed.get(source) ?? parseBounded(source)
      parsed.set(source, document)
      const { query, hash } = asked
      if (!listed && query !== undefined && hash !== undefined && !persisted.has(hash)) {
        if (sha256(query) !== hash) throw new DomainError('persisted_query_mismatch')
        persisted.set(hash, query)
      }
      return document
    },
  }
}

function parseBounded(source: string): Document {
  if (source.length > limits.document_length_max) {
    throw tooComplex(`it is longer than ${limits.document_length_max} characters`)
  }
  let parsed: DocumentNode
  try {
    parsed = parse(source, { maxTokens: limits.tokens_max })
  } catch (error) {
    if (error instanceof GraphQLError && /tokens/.test(error.message)) {
      throw tooComplex(`it has more than ${limits.tokens_max} tokens`)
    }
    throw error
  }
  const operations = operationsOf(parsed)
  if (operations.length > limits.operations_max)
    throw tooComplex(`it has more than ${limits.operations_max} operations`)
  return { source, parsed }
}

/**
 * The operation that is meant: the named one, or the only one.
 *
 * @throws DomainError `invalid_document`
 */
export function operationOf({ parsed }: Document, name: string | undefined): OperationDefinitionNode {
  const operations = operationsOf(parsed)
  const found = name === undefined ? operations[0] : operations.find((one) => one.name?.value === name)
  if (found && (name !== undefined || operations.length === 1)) return found
  const why =
    name === undefined && found ? 'name the operation to run as operationName' : 'there is no such operation in it'
  throw new DomainError('invalid_document', why)
}

const operationsOf = ({ definitions }: DocumentNode) =>
  definitions.filter((one) => one.kind === Kind.OPERATION_DEFINITION)
