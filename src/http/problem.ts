import { STATUS_CODES } from 'node:http'
import { Type, type TSchema } from 'typebox'
import { messageOf, statusOf, type DomainError, type ErrorCode, type FieldError } from '../lib/errors.ts'
import type { Language } from '../lib/language.ts'
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
  detail: Type.String({
    description: 'What is wrong, and what to do about it, for people, in the language of Accept-Language',
  }),
  code: Type.String({ description: 'What is wrong, for programs; it never changes' }),
  errors: Type.Optional(Type.Array(FieldProblem, { description: 'Each field that is wrong' })),
})

/**
 * The answer of a refusal, as version 2 gives it; `members` are what RFC 9457 calls extension members. What is said for a
 * single case, and not for a code, is said in English.
 */
export function problem(
  {
    code,
    message,
    fields,
    members,
  }: Pick<DomainError, 'code' | 'message' | 'fields'> & { members?: DomainError['members'] },
  language: Language = 'en',
) {
  const of = ({ detail, detail_id }: Pick<FieldError, 'detail' | 'detail_id'>) =>
    language === 'id' ? (detail_id ?? detail) : detail
  const errors = fields?.map((field) => ({ in: field.in, pointer: field.pointer, detail: of(field) }))
  // The first field's, if there are any: then the message is its own.
  const isOfField = fields?.[0]?.detail === message
  const detail = isOfField ? errors![0]!.detail : message === messageOf(code) ? messageOf(code, language) : message
  return { ...members, ...describe(statusOf(code), code, detail, errors) }
}

/** Of an error that is a bug, and says nothing of itself. */
export const unexpectedProblem = describe(500, 'internal_error', 'internal server error', undefined)

function describe(status: number, code: string, detail: string, errors: FieldError[] | undefined) {
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
