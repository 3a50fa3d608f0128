import * as fc from 'fast-check'

type Schema = {
  type?: string | string[]
  enum?: unknown[]
  anyOf?: Schema[]
  format?: string
  minimum?: number
  maximum?: number
  minLength?: number
  maxLength?: number
  items?: Schema
  properties?: Record<string, Schema>
  required?: string[]
}
type Parameter = { in: string; name: string; required?: boolean; schema: Schema }
type Operation = { parameters?: Parameter[]; requestBody?: { content: Record<string, { schema: Schema }> } }
export type Described = { paths: Record<string, Record<string, Operation>> }

export type OddRequest = {
  method: string
  path: string
  headers: Record<string, string>
  body: string | Buffer | undefined
}

/** Stand in a request for what an earlier answer gave out: its place in the list of what was seen. */
export const remembered = { cursor: 'cursor-seen', tag: 'tag-seen' } as const

const deep = (open: string, close: string, depth: number) => `${open.repeat(depth)}${close.repeat(depth)}`

/** Values that are seldom thought of. */
const junk = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    0,
    -1,
    -0,
    1.5,
    2 ** 31,
    2 ** 53 + 2,
    -(2 ** 53),
    1e308,
    '',
    ' ',
    '0',
    '1',
    '\0',
    'a\0b',
    '\uD800',
    'x\uDFFFx',
    '👩‍👩‍👧🎫',
    '\u202Eright to left',
    '\u0001'.repeat(255),
    '%',
    '_',
    "'; drop table user; --",
    '\\',
    'x'.repeat(256),
    '🎫'.repeat(255),
    'x'.repeat(100_000),
    '2030-02-30T00:00:00Z',
    '9999-12-31T23:59:59.999999999999+23:59',
    '0000-01-01T00:00:00Z',
    [],
    {},
    [[]],
    [null],
    { length: 1 },
    JSON.parse('{"__proto__":{"role":"admin"}}'),
    { constructor: { prototype: { role: 'admin' } } },
    { toString: 1, valueOf: 2, hasOwnProperty: null },
    JSON.parse(deep('[', ']', 500)),
    Array.from({ length: 2_000 }, () => 'x'),
  ),
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.integer(),
  fc.double(),
  fc.jsonValue({ maxDepth: 3 }),
)

const date = fc.constantFrom(
  '2999-12-31T19:00:00Z',
  '2030-12-31T23:59:59+07:00',
  '2001-01-01T00:00:00Z',
  '9999-12-31T23:59:59.999Z',
)
const email = fc.oneof(
  fc.integer({ min: 0, max: 300 }).map((n) => `fuzz.${n}@example.com`),
  fc.constantFrom('customer.1@example.com', 'ORGANIZER.2@example.com', `${'x'.repeat(88)}@example.com`),
)

/** What fits a schema, as a rule. */
function fitting(schema: Schema, name = ''): fc.Arbitrary<unknown> {
  if (schema.enum) return fc.constantFrom(...schema.enum)
  if (schema.anyOf) return fc.oneof(...schema.anyOf.map((one) => fitting(one, name)))
  const type = [schema.type].flat()[0]
  const { minimum = -10, maximum = 1_000, minLength = 0, maxLength = 50 } = schema
  switch (type) {
    case 'integer':
      return fc.oneof(
        { weight: 6, arbitrary: fc.integer({ min: Math.max(1, minimum), max: Math.min(maximum, 12) }) },
        { weight: 1, arbitrary: fc.constantFrom(minimum, minimum - 1, maximum, maximum + 1) },
      )
    case 'boolean':
      return fc.boolean()
    case 'array':
      return fc.array(fitting(schema.items ?? {}), { maxLength: 5 })
    case 'object':
      return fc.record(
        Object.fromEntries(Object.entries(schema.properties ?? {}).map(([key, one]) => [key, fitting(one, key)])),
        { requiredKeys: schema.required ?? [] },
      )
    case 'string':
      if (schema.format === 'date-time') return date
      if (schema.format === 'email' || name === 'email') return email
      if (name.includes('password')) return fc.constantFrom('password123', 'another-password', 'x'.repeat(72))
      if (name === 'cursor') return cursor
      return fc.oneof(
        fc.string({ minLength: Math.max(1, minLength), maxLength: Math.min(maxLength, 255) }),
        fc.constantFrom('Konser 100%_', 'a', 'Ünïcödé', 'x'.repeat(maxLength), '\u0001'.repeat(Math.max(maxLength, 1))),
      )
    default:
      return junk
  }
}

const forged = (parts: unknown) => Buffer.from(JSON.stringify(parts)).toString('base64url')
const cursor: fc.Arbitrary<string> = fc.oneof(
  { weight: 3, arbitrary: fc.constant(remembered.cursor) },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      '*',
      'AAAA',
      forged(null),
      forged([]),
      forged(['id', 1]),
      forged(['-id', 1]),
      forged(['-id', -1]),
      forged(['id', 2 ** 53]),
      forged(['id', '1']),
      forged(['id', null]),
      forged(['date,id', '2030', 1]),
      forged(['date,id', 5, 1]),
      forged(['date,id', '\0', 1]),
      forged(['-price,id', 'x', 1]),
      forged(['title,id', '\uD800', 1]),
      forged(['title,id', 7, 1]),
      forged(['title,id', '🎫'.repeat(200), 1]),
      forged({ length: 2, 0: 'id', 1: 1 }),
      'x'.repeat(2_001),
    ),
  },
  { weight: 1, arbitrary: fc.string({ maxLength: 100 }) },
)

/** A body that fits but for some fields, or one that is no object, or not even JSON. */
function bodies(schema: Schema): fc.Arbitrary<string | Buffer> {
  const whole = fitting(schema)
  const spoilt = fc
    .tuple(whole, fc.constantFrom(...Object.keys(schema.properties ?? {}), 'unknown', '', 'a/b~c'), junk)
    .map(([fields, name, value]) => Object.assign({}, fields, { [name]: value }))
  const lacking = fc
    .tuple(whole, fc.constantFrom(...Object.keys(schema.properties ?? {}), 'nothing'))
    .map(([fields, name]) => Object.fromEntries(Object.entries(fields as object).filter(([key]) => key !== name)))
  return fc.oneof(
    { weight: 6, arbitrary: whole.map((value) => JSON.stringify(value)) },
    { weight: 5, arbitrary: spoilt.map((value) => JSON.stringify(value)) },
    { weight: 2, arbitrary: lacking.map((value) => JSON.stringify(value)) },
    { weight: 1, arbitrary: junk.map((value) => JSON.stringify(value)) },
    { weight: 1, arbitrary: whole.map((value) => JSON.stringify(value).slice(0, -1)) },
    {
      weight: 1,
      arbitrary: fc.constantFrom<string | Buffer>(
        '',
        '{"__proto__":{"role":"admin"}}',
        '{"constructor":{"prototype":{}}}',
        '{"title":"a","title":"b"}',
        '{"quantity":1e400}',
        '{"quantity":-0}',
        deep('{"a":', '}', 200),
        deep('[', ']', 50_000),
        Buffer.from([0x7b, 0xff, 0x7d]),
        Buffer.from([0xef, 0xbb, 0xbf, 0x7b, 0x7d]),
      ),
    },
  )
}

const segment = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: 1, max: 12 }).map(String) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '0',
      '-1',
      '1.0',
      '01',
      '1e3',
      '0x1',
      '9007199254740991',
      '9007199254740992',
      '9999999999999999',
      '99999999999999999999',
      'NaN',
      '__proto__',
      '%00',
      '%2F',
      '%zz',
      '%ff',
      '%F0%9F%8E%AB',
      '1%20',
      '1;2',
      'x'.repeat(501),
      'x'.repeat(9_000),
    ),
  },
)

function query(parameters: Parameter[]): fc.Arbitrary<string> {
  if (parameters.length === 0) return fc.constantFrom('', '', '', '?', '?x=1', '?__proto__=1&constructor[a]=2')
  const one = fc.constantFrom(...parameters).chain(({ name, schema }) =>
    fc
      .oneof(
        { weight: 4, arbitrary: fitting(schema, name) },
        { weight: 1, arbitrary: junk.filter((value) => !(typeof value === 'string' && value.length > 1_000)) },
      )
      .map((value) => {
        const text = typeof value === 'string' ? value : JSON.stringify(value)
        return `${name}=${encodeURIComponent(text.toWellFormed()).slice(0, 3_000)}`
      }),
  )
  const odd = fc.constantFrom(
    '__proto__=1',
    'limit=1&limit=2',
    'limit[]=1',
    'q=%zz',
    'q=%ff',
    'unknown=1',
    '=',
    '&&',
    'a',
  )
  const part = fc.oneof({ weight: 8, arbitrary: one }, { weight: 1, arbitrary: odd })
  return fc.array(part, { maxLength: 4 }).map((parts) => (parts.length > 0 ? `?${parts.join('&')}` : ''))
}

const oddValue = fc.constantFrom(
  '',
  ' ',
  '*',
  'null',
  'x'.repeat(2_000),
  '\u00e9\u00ff',
  '"',
  ',,,',
  '{}',
  '1, 2',
  'W/""',
)
const tag = fc.constantFrom(
  remembered.tag,
  remembered.tag,
  '*',
  '"1"',
  '"1.0"',
  'W/"1"',
  '"x", "1", "2"',
  '"1',
  '1',
  '',
)
const key = fc.oneof(
  fc.integer({ min: 1, max: 30 }).map((n) => `key-${n}`),
  fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 300 }),
  oddValue,
)

const headers = fc.record(
  {
    'idempotency-key': key,
    'if-match': fc.oneof(tag, oddValue),
    'if-none-match': fc.oneof(tag, oddValue),
    accept: fc.constantFrom('*/*', 'text/html', 'application/xml;q=0', ''),
    'accept-encoding': fc.constantFrom('gzip', 'identity;q=0, *;q=0'),
    'x-request-id': fc.oneof(oddValue, fc.constant('a-fine-id')),
    origin: fc.constantFrom('null', 'https://evil.example'),
    cookie: fc.constantFrom('karcis_refresh=x', '=;;=', 'x'.repeat(3_000)),
    'x-forwarded-for': fc.constantFrom('127.0.0.1', 'nonsense', '::1, 1.2.3.4'),
  },
  { requiredKeys: [] },
)
const contentType = fc.oneof(
  { weight: 30, arbitrary: fc.constant('application/json') },
  { weight: 3, arbitrary: fc.constant('application/merge-patch+json') },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      'application/json; charset=utf-8',
      'application/json; charset=utf-16',
      'APPLICATION/JSON',
      'application/json;',
      'application/jsonp',
      'text/plain',
      'multipart/form-data; boundary=x',
      'nonsense',
      '',
      '/',
      ';',
    ),
  },
)

/**
 * Requests as a document describes them, with much that it does not: of every operation, some that fit and many that
 * are odd in one place or in several.
 */
export function oddRequests({ paths }: Described): fc.Arbitrary<OddRequest> {
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      arbitrary: requestsOf(path, method.toUpperCase(), operation),
      weight: path.includes('/auth/') ? 1 : 3,
    })),
  )
  return fc.oneof(...operations)
}

function requestsOf(path: string, method: string, operation: Operation): fc.Arbitrary<OddRequest> {
  const { parameters = [], requestBody } = operation
  const schema = Object.values(requestBody?.content ?? {})[0]?.schema
  const needsTag = parameters.some(({ name }) => name === 'if-match')
  const places = path.split(/\{\w+\}/)
  return fc
    .record({
      method: fc.oneof(
        { weight: 40, arbitrary: fc.constant(method) },
        { weight: 1, arbitrary: fc.constantFrom('GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE') },
      ),
      ids: fc.array(segment, { minLength: places.length - 1, maxLength: places.length - 1 }),
      query: query(parameters.filter((one) => one.in === 'query')),
      body: schema ? bodies(schema) : fc.option(fc.constantFrom('{}', '', '{"broken'), { nil: undefined, freq: 10 }),
      headers: fc.oneof({ weight: 2, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: headers }),
      tag: needsTag ? fc.option(tag, { nil: undefined, freq: 10 }) : fc.constant(undefined),
      type: contentType,
    })
    .map(({ ids, query, type, tag, ...rest }) => ({
      method: rest.method,
      path: places.map((place, index) => `${place}${ids[index] ?? ''}`).join('') + query,
      headers: {
        ...(tag !== undefined && { 'if-match': tag }),
        ...(rest.headers as Record<string, string>),
        ...(rest.body !== undefined && { 'content-type': type }),
      },
      body: rest.method === 'GET' || rest.method === 'HEAD' ? undefined : rest.body,
    }))
}
