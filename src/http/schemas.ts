import { Type, type TProperties, type TSchema } from 'typebox'
import { messageOf, statusOf, type ErrorCode } from '../lib/errors.ts'
import { integer_max } from '../lib/limits.ts'

/**
 * Messages of a field, by the JSON Schema keyword that failed. Where none is given,
 * validation.ts words one from the field's name and the keyword.
 */
type Messages = Partial<
  Record<
    'required' | 'type' | 'minimum' | 'maximum' | 'minLength' | 'maxLength' | 'pattern' | 'format' | 'enum',
    string
  >
>

/** An integer field; `messages` as the contract words them. */
export const IntegerField = (minimum: number, maximum: number, messages: Messages = {}, description?: string) =>
  Type.Integer({ minimum, maximum, 'x-messages': messages, ...(description && { description }) })

/** A text that may not be blank and keeps every character but NUL and lone surrogates. */
export const TextField = (maxLength: number, messages: Messages = {}, options: { examples?: string[] } = {}) =>
  Type.String({ minLength: 1, maxLength, pattern: '\\S', format: 'text', 'x-messages': messages, ...options })

/** RFC 3339 with a zone. */
export const DateTimeField = (messages: Messages = {}) =>
  Type.String({ format: 'date-time', maxLength: 40, examples: ['2030-12-31T19:00:00Z'], 'x-messages': messages })

export const Id = Type.Integer({ minimum: 1, maximum: integer_max, examples: [1] })
/** What amounts add up to, as `boundedSum` gives it. */
export const Sum = (description: string, example: number) =>
  Type.Integer({
    minimum: -integer_max,
    maximum: integer_max,
    description: `${description}, in minor units. ${integer_max}, or ${-integer_max}, stands for itself and all beyond it`,
    examples: [example],
  })

export const Moment = Type.String({ format: 'date-time', examples: ['2025-01-15T10:30:00Z'] })

/** `{id}` in a path: a plain positive integer. */
export const IdParams = (name: string) => {
  const message = `invalid ${name} id`
  const messages = { type: message, minimum: message, maximum: message }
  return Type.Object({ id: Type.Integer({ minimum: 1, maximum: integer_max, 'x-messages': messages }) })
}

/** A key that makes a request safe to send again; its form is checked by the use case. */
export const IdempotencyHeader = Type.Object({
  'idempotency-key': Type.Optional(
    Type.String({
      description:
        'Up to 255 printable ASCII characters of your choice, such as a UUID. Sent again with the same body within ' +
        '24 hours, the request is not carried out twice: the first answer comes again, with `Idempotency-Replayed: true`.',
      examples: ['0b9f6f0e-6f0c-4c7e-9a3c-0a4f6f2f7b11'],
    }),
  ),
})

export const limit_default = 50
export const limit_max = 200

/** What every list takes. */
export const PageQuery = Type.Object({
  page: Type.Integer({ minimum: 1, maximum: 1_000_000_000, default: 1, description: 'Counted from 1' }),
  limit: Type.Integer({ minimum: 1, maximum: limit_max, default: limit_default, description: 'Rows a page' }),
})

/** A moment in a query, to narrow a list by. */
export const MomentFilter = (description: string) =>
  Type.Optional(Type.String({ format: 'date-time', maxLength: 40, description, examples: ['2030-12-31T19:00:00Z'] }))

/** An id in a query, to narrow a list by. */
export const IdFilter = Type.Optional(Type.Integer({ minimum: 1, maximum: integer_max }))

export const PageMeta = Type.Object({
  page: Type.Integer(),
  limit: Type.Integer(),
  has_more: Type.Boolean({ description: 'Whether there is a next page' }),
})

/** An object that takes no field but these: a misspelt one is told, not ignored. */
export const Strict = <Fields extends TProperties>(fields: Fields, options: { examples?: object[] } = {}) =>
  Type.Object(fields, { additionalProperties: false, ...options })

export const NoContent = Type.Null({ description: 'Done' })

/** The envelope of a success. */
export const Answer = <Data extends TSchema>(data: Data) =>
  Type.Object({ success: Type.Literal(true), message: Type.String(), data })

/** The envelope of a success that has nothing to show. */
export const EmptyAnswer = Type.Object({ success: Type.Literal(true), message: Type.String() })

/** The envelope of a page of a list. */
export const ListAnswer = <Row extends TSchema>(row: Row) =>
  Type.Object({ success: Type.Literal(true), message: Type.String(), data: Type.Array(row), meta: PageMeta })

const Failure = Type.Object({ success: Type.Literal(false), error: Type.String() })

/** What any route may answer. */
export const everywhere: readonly ErrorCode[] = [
  'not_signed_in',
  'invalid_token',
  'forbidden',
  'too_many_requests',
  'server_busy',
  'database_unavailable',
]

/** The answers of a route when it refuses, by status, with an example of every message. */
export function errorAnswers(...codes: ErrorCode[]): Record<number, TSchema> {
  const all: ErrorCode[] = [...codes, ...everywhere]
  const answers: Record<number, TSchema> = {}
  for (const status of new Set(all.map(statusOf))) {
    const messages = all.filter((code) => statusOf(code) === status).map((code) => messageOf(code))
    answers[status] = Type.Object(Failure.properties, {
      description: messages.join(' · '),
      examples: messages.map((error) => ({ success: false, error })),
    })
  }
  return answers
}
