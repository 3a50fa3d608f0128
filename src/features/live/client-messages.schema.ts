import { validatorCompiler } from '../../http/validation.ts'
import { DomainError } from '../../lib/errors.ts'
import { ClientMessages, type ClientMessage } from './live.schema.ts'

const checks = new Map(
  Object.entries(ClientMessages).map(([type, schema]) => [
    type,
    validatorCompiler({ schema: schema as object, httpPart: 'body', method: 'GET', url: '/live' }),
  ]),
)
const types = [...checks.keys()].join(', ')

/** @throws DomainError `invalid_body` for what is no JSON object, `invalid_request` for one that is not as it should be */
export function readClientMessage(text: string): ClientMessage {
  const message = parsed(text)
  const check = typeof message['type'] === 'string' ? checks.get(message['type']) : undefined
  if (!check) throw new DomainError('invalid_request', `type must be one of ${types}`)
  const verdict = check(message) as true | { error: DomainError }
  if (verdict !== true) throw verdict.error
  return message as ClientMessage
}

/** The `id` of a message that may be no good otherwise, so that its refusal can name it. */
export function referenceIn(text: string): string | undefined {
  try {
    const { id } = parsed(text)
    return typeof id === 'string' && id.length <= 100 && id.isWellFormed() ? id : undefined
  } catch {
    return undefined
  }
}

function parsed(text: string): Record<string, unknown> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new DomainError('invalid_body', 'send one JSON object in each message', { cause: error })
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new DomainError('invalid_body', 'send one JSON object in each message')
  }
  return value as Record<string, unknown>
}
