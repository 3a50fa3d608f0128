import { STATUS_CODES } from 'node:http'
import { Type, type TSchema } from 'typebox'
import { messageOf, statusOf, type DomainError, type ErrorCode } from '../lib/errors.ts'
import { everywhere } from './schemas.ts'

/** https://www.rfc-editor.org/rfc/rfc9457 */
export const problem_type = 'application/problem+json'

const FieldProblem = Type.Object({
  in: Type.Unsafe<'body'>({ type: 'string', enum: ['body', 'query', 'path', 'header'] }),
  pointer: Type.String({ description: 'JSON pointer to the field', examples: ['/title'] }),
  detail: Type.String(),
})

const Problem = Type.Object({
  type: Type.String({ examples: ['about:blank'] }),
  title: Type.String({ description: 'What the status means' }),
  status: Type.Integer(),
  detail: Type.String({ description: 'What is wrong, and what to do about it, for people' }),
  code: Type.String({ description: 'What is wrong, for programs; it never changes' }),
  errors: Type.Optional(Type.Array(FieldProblem, { description: 'Each field that is wrong' })),
})

/** The answer of a refusal, as version 2 gives it; `members` are what RFC 9457 calls extension members. */
export function problem({
  code,
  message,
  fields,
  members,
}: Pick<DomainError, 'code' | 'message' | 'fields'> & { members?: DomainError['members'] }) {
  return { ...members, ...describe(statusOf(code), code, message, fields) }
}

/** Of an error that is a bug, and says nothing of itself. */
export const unexpectedProblem = describe(500, 'internal_error', 'internal server error', undefined)

function describe(status: number, code: string, detail: string, errors: DomainError['fields']) {
  return { type: 'about:blank', title: STATUS_CODES[status]!, status, detail, code, ...(errors && { errors }) }
}

/**
 * The answers of a route of version 2 when it refuses, by status, with an example of each. Any route refuses a parameter that
 * it does not know.
 */
export function problemAnswers(...codes: ErrorCode[]): Record<number, TSchema> {
  const all = [...new Set<ErrorCode>([...codes, 'invalid_request', ...everywhere])]
  const answers: Record<number, unknown> = {}
  for (const status of new Set(all.map(statusOf))) {
    const ofStatus = all.filter((code) => statusOf(code) === status)
    const examples = Object.fromEntries(
      ofStatus.map((code) => [code, { value: problem({ code, message: messageOf(code), fields: undefined }) }]),
    )
    answers[status] = {
      description: ofStatus.map((code) => `\`${code}\``).join(' · '),
      content: { [problem_type]: { schema: Problem, examples } },
    }
  }
  return answers as Record<number, TSchema>
}
