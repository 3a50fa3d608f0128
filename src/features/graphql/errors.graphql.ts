import { GraphQLError, type ExecutionResult, type GraphQLFormattedError } from 'graphql'
import { asRefusal } from '../../http/error-handler.ts'
import { statusOf, type DomainError } from '../../lib/errors.ts'

/** GraphQL's own messages repeat what is wrong, however long it is. */
const message_length_max = 300
const errors_max = 20

type Log = { error: (what: object, message: string) => void; warn: (what: object, message: string) => void }

/** An error as clients are told: by the codes of version 2. A bug says nothing of itself, and is logged whole. */
export function showError(error: unknown, log: Log): GraphQLFormattedError {
  const { locations, path } = error instanceof GraphQLError ? error : {}
  const place = { ...(locations && { locations }), ...(path && { path }) }
  const cause = error instanceof GraphQLError ? error.originalError : error
  if (!cause || cause instanceof GraphQLError) return { ...showInvalid(error as GraphQLError), ...place }
  const refusal = asRefusal(cause)
  if (refusal) {
    if (statusOf(refusal.code) === 503) log.warn({ err: refusal }, refusal.message)
    return { ...showRefusal(refusal), ...place }
  }
  log.error({ err: cause, path }, 'unhandled error')
  return { message: 'internal server error', ...place, extensions: { code: 'internal_error', status: 500 } }
}

/** What GraphQL itself says of a document, or of its variables. */
function showInvalid({ message }: GraphQLError): GraphQLFormattedError {
  const code = 'invalid_document'
  return { message: message.slice(0, message_length_max), extensions: { code, status: statusOf(code) } }
}

export function showRefusal({ code, message, fields, members, retry_after_s }: DomainError): GraphQLFormattedError {
  return {
    message,
    extensions: {
      ...members,
      code,
      status: statusOf(code),
      ...(fields && { errors: fields.map(({ pointer, detail }) => ({ pointer, detail })) }),
      ...(retry_after_s !== undefined && { retry_after_s }),
    },
  }
}

/** The errors of a request that was not run, or of what was run. */
export function showErrors(errors: readonly unknown[], log: Log): GraphQLFormattedError[] {
  return errors.slice(0, errors_max).map((error) => showError(error, log))
}

/** A result as clients are told. */
export function showResult({ data, errors }: ExecutionResult, log: Log) {
  return { ...(errors && { errors: showErrors(errors, log) }), data: data ?? null }
}
