import { Ajv, type ErrorObject, type Options } from 'ajv'
import type { FastifySchema, FastifySchemaCompiler } from 'fastify'
import type { Static, TSchema } from 'typebox'
import { DomainError, type FieldError } from '../lib/errors.ts'
import { isCurrency } from '../lib/money.ts'
import { isTimeZone, parseRfc3339 } from '../lib/time.ts'
import { fieldWords, type FieldWords } from './field-words.ts'

const emailPattern = /^[a-z0-9._%+-]+@[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}$/i

const options: Options = {
  // A "2" is not a 2: nothing is coerced, and defaults are filled in.
  coerceTypes: false,
  useDefaults: true,
  // Errors carry the schema that failed, where the field's own messages are.
  verbose: true,
  strict: true,
  allowUnionTypes: true,
  keywords: ['x-messages'],
  formats: {
    text: (value: string) => !value.includes('\0') && value.isWellFormed(),
    email: emailPattern,
    'date-time': (value: string) => parseRfc3339(value) !== undefined,
    currency: isCurrency,
    'time-zone': isTimeZone,
  },
}
/** The first error is enough, and bounds the work on hostile input. */
const first = new Ajv({ ...options, allErrors: false })
/** For input that is no larger than a person's: each error is an object, and 2 MB have room for a million. */
const all = new Ajv({ ...options, allErrors: true })
const errors_max = 20
/** Counted in values and characters. */
const all_errors_size_max = 20_000

type JsonSchema = { type?: unknown; properties?: Record<string, JsonSchema>; 'x-messages'?: Record<string, string> }

/** Compiles the schemas of a route of version 1; a failed check throws a DomainError whose message names the field. */
export const validatorCompiler: FastifySchemaCompiler<FastifySchema> = ({ schema, httpPart }) => {
  const validate = first.compile(schema)
  const isText = httpPart === 'params' || httpPart === 'querystring'
  return (input: unknown) => {
    if (isText) readIntegers(schema as JsonSchema, input as Record<string, unknown>)
    if (validate(input)) return true
    const error = validate.errors![0]!
    return {
      error:
        error.instancePath === '' && error.keyword === 'type'
          ? new DomainError('invalid_body')
          : new DomainError('invalid_request', wordOf(error)),
    }
  }
}

const placeOf = { body: 'body', querystring: 'query', params: 'path', headers: 'header' } as const

/** The same for version 2: all fields that are wrong are named, in the same words for the same mistake. */
export const validatorCompilerV2: FastifySchemaCompiler<FastifySchema> = ({ schema, httpPart }) => {
  const [validateAll, validateFirst] = [all.compile(schema), first.compile(schema)]
  const place = placeOf[httpPart as keyof typeof placeOf]
  return (input: unknown) => {
    if (place === 'query' || place === 'path') readIntegers(schema as JsonSchema, input as Record<string, unknown>)
    const validate = sizeOf(input) < all_errors_size_max ? validateAll : validateFirst
    if (validate(input)) return true
    const errors = validate.errors!
    if (errors.some(({ instancePath, keyword }) => instancePath === '' && keyword === 'type')) {
      const isNone = input === undefined || input === null
      return { error: new DomainError('invalid_body', isNone ? 'a body is required' : 'the body must be an object') }
    }
    const fields = differing(place, errors)
    return { error: new DomainError('invalid_request', fields[0]!.detail, { fields }) }
  }
}

/**
 * The same for what comes in another form than a request's parts, such as the arguments of a GraphQL field. What is checked
 * has its defaults filled in.
 *
 * @throws DomainError `invalid_request`, from the check
 */
export function checkerOf<Schema extends TSchema>(schema: Schema): (input: object) => Static<Schema> {
  let check: Check | undefined
  return (input) => {
    // With its first use: compiling takes time that a start should not.
    check ??= validatorCompilerV2({ schema, httpPart: 'body', method: '', url: '' }) as Check
    const verdict = check(input)
    if (verdict !== true) throw verdict.error
    return input as Static<Schema>
  }
}

type Check = (input: object) => true | { error: DomainError }

/** How many values and characters there are, counted no further than the bound. */
function sizeOf(input: unknown): number {
  const rest = [input]
  let size = 0
  while (rest.length > 0 && size < all_errors_size_max) {
    const value = rest.pop()
    size += typeof value === 'string' ? value.length : 1
    if (typeof value !== 'object' || value === null) continue
    // Before its indices are looked at one by one.
    if (Array.isArray(value) && value.length >= all_errors_size_max) return all_errors_size_max
    for (const key in value) {
      size += key.length
      if (size + rest.length >= all_errors_size_max) return all_errors_size_max
      rest.push((value as Record<string, unknown>)[key])
    }
  }
  return size
}

/** The first of them, as they are told. What is empty fails by more than one rule, and is told of once. */
function differing(place: FieldError['in'], errors: readonly ErrorObject[]): FieldError[] {
  const fields = new Map<string, FieldError>()
  for (const error of errors) {
    if (fields.size === errors_max) break
    const field = fieldError(place, error)
    fields.set(`${field.pointer} ${field.detail}`, field)
  }
  return [...fields.values()]
}

function fieldError(place: FieldError['in'], error: ErrorObject): FieldError {
  const { instancePath, params } = error
  const missing = (params['missingProperty'] ?? params['additionalProperty']) as string | undefined
  const pointer =
    missing === undefined ? instancePath : `${instancePath}/${missing.replace(/~/g, '~0').replace(/\//g, '~1')}`
  const plain = { ...error, parentSchema: {} }
  const detailIn = (words: FieldWords) => (place === 'query' && wordOfParameter(plain, words)) || wordOf(plain, words)
  return { in: place, pointer, detail: detailIn(fieldWords.en), detail_id: detailIn(fieldWords.id) }
}

/** What can be wrong with parameters alone; undefined for what can be with any field. */
function wordOfParameter({ keyword, instancePath, data }: ErrorObject, words: FieldWords): string | undefined {
  const name = fieldName(instancePath)
  if (Array.isArray(data)) return words.repeated(name)
  const isEmpty = typeof data === 'string' && data.trim() === '' && (keyword === 'minLength' || keyword === 'pattern')
  return isEmpty ? words.empty(name) : undefined
}

/** Paths and queries are text: turns what is plainly written as an integer into one, and leaves the rest to be refused. */
function readIntegers(schema: JsonSchema, input: Record<string, unknown>): void {
  for (const [name, { type }] of Object.entries(schema.properties ?? {})) {
    const value = input[name]
    if (type === 'integer' && typeof value === 'string' && /^(0|-?[1-9]\d{0,15})$/.test(value)) {
      input[name] = Number(value)
    }
  }
}

/** The contract's message for the field that failed, or a plain sentence that names it. */
function wordOf({ keyword, instancePath, params, parentSchema }: ErrorObject, words = fieldWords.en): string {
  const parent = (parentSchema ?? {}) as JsonSchema
  if (keyword === 'required') {
    const name = String(params['missingProperty'])
    return parent.properties?.[name]?.['x-messages']?.['required'] ?? words.required(name)
  }
  const own = parent['x-messages']?.[keyword]
  if (own) return own
  const name = fieldName(instancePath)
  const limit = params['limit'] as number
  switch (keyword) {
    case 'type':
      return words.type(name, String([params['type']].flat()[0]))
    case 'minimum':
      return words.atLeast(name, limit)
    case 'maximum':
      return words.atMost(name, limit)
    case 'minLength':
      return limit > 1 ? words.charactersAtLeast(name, limit) : words.required(name)
    case 'pattern':
      return params['pattern'] === '\\S' ? words.required(name) : words.invalid(name)
    case 'maxLength':
      return words.charactersAtMost(name, limit)
    case 'minItems':
      return words.entriesAtLeast(name, limit)
    case 'maxItems':
      return words.entriesAtMost(name, limit)
    case 'uniqueItems':
      return words.eachOnce(name)
    case 'additionalProperties':
      return words.unknown(String(params['additionalProperty']).slice(0, 100))
    case 'enum':
      return words.oneOf(name, (params['allowedValues'] as unknown[]).join(', '))
    case 'format':
      return (words.formats[params['format'] as string] ?? words.invalid)(name)
    default:
      return words.invalid(name)
  }
}

/** `/holder_names/3` → `holder_names[3]` */
function fieldName(path: string): string {
  return path
    .slice(1)
    .replace(/\/(\d+)/g, '[$1]')
    .replaceAll('/', '.')
}
