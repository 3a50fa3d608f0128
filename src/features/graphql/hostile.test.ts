import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  array,
  assert as assertAll,
  asyncProperty,
  constant,
  constantFrom,
  dictionary,
  jsonValue,
  letrec,
  oneof,
  string,
  tuple,
} from 'fast-check'
import { startApp } from '../../../test/support/app.ts'
import { factories } from '../../../test/support/factories.ts'
import { asking, post, resultOf, type Result } from '../../../test/support/graphql.ts'
import { openSelling } from '../payments/selling.ts'

const started = await startApp({}, { auth: 'off', graphql: { explorer: true } })
/** As in production, and with a bug. */
const production = asking(
  await startApp({}, (deps) => {
    const selling = openSelling(deps, [], 0)
    const keys = () => {
      throw new Error(`secret ${deps.publicUrl()}`)
    }
    const broken = { ...selling, providers: Object.assign(new Map(), { keys }) }
    return { auth: 'off', graphql: { explorer: false }, selling: broken }
  }),
)
const { app } = started
const ask = asking(started)
const event = await factories(started.deps).anEvent()

const codeOf = ({ errors }: Result) => errors?.[0]?.extensions?.code as string | undefined
const nested = (depth: number) => '{ a '.repeat(depth) + '}'.repeat(depth)

/** Each is refused before anything is read, with what is wrong and where that is told. */
for (const [name, query, code, message] of [
  ['nothing', '', 'invalid_document', /Syntax Error/],
  ['what is no GraphQL', 'select * from user', 'invalid_document', /Syntax Error/],
  ['a document as JSON', '{"kind":"Document","definitions":[]}', 'invalid_document', /Syntax Error/],
  ['a number', '1', 'invalid_document', /Syntax Error/],
  ['only a fragment', 'fragment f on Event { id }', 'invalid_document', /no such operation/],
  ['types', 'type Event { id: Int }', 'invalid_document', /no such operation/],
  [
    'two operations, and none named',
    'query a { me { id } } query b { me { id } }',
    'invalid_document',
    /operationName/,
  ],
  ['a long document', `{ me { id } }${' '.repeat(20_000)}`, 'document_too_complex', /longer than 20000 characters/],
  ['many tokens', `{ ${'me '.repeat(2_001)} }`, 'document_too_complex', /more than 2000 tokens/],
  ['deep', nested(16), 'document_too_complex', /nested more than 15 deep/],
  ['deeper than a stack', nested(600), 'document_too_complex', /nested more than 15 deep/],
  [
    'deep in lists',
    `{ events(q: ${'['.repeat(990)}${']'.repeat(990)}) { edges { cursor } } }`,
    'invalid_document',
    /non string value/,
  ],
  [
    'aliases',
    `{ ${Array.from({ length: 31 }, (_, n) => `a${n}: payment_providers`).join(' ')} }`,
    'document_too_complex',
    /more than 30 aliases/,
  ],
  ['fields', `{ ${'payment_providers '.repeat(501)} }`, 'document_too_complex', /more than 500 fields/],
  [
    'directives',
    `{ payment_providers ${'@skip(if: false) '.repeat(31)} }`,
    'document_too_complex',
    /more than 30 directives/,
  ],
  [
    'operations',
    Array.from({ length: 11 }, (_, n) => `query q${n} { payment_providers }`).join(' '),
    'document_too_complex',
    /more than 10 operations/,
  ],
  [
    'a circle of fragments',
    '{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }',
    'invalid_document',
    /within itself/,
  ],
  ['a fragment within itself', '{ ...a } fragment a on Query { ...a }', 'invalid_document', /within itself/],
  [
    'many rows',
    '{ events(first: 100) { edges { node { ticket_types { id } images { files { small { url } medium { url } large { url } } } } } } me { id } a: events(first: 100) { edges { node { images { files { small { url } medium { url } } } } } } }',
    'document_too_complex',
    /it would cost/,
  ],
  [
    'rows of rows',
    '{ bookings(first: 100) { edges { node { tickets(first: 100) { event { id } } } } } }',
    'document_too_complex',
    /it would cost/,
  ],
  [
    'many lists',
    `{ ${Array.from({ length: 30 }, (_, n) => `a${n}: events(first: 100) { edges { node { id } } }`).join(' ')} }`,
    'document_too_complex',
    /it would cost/,
  ],
  ['an unknown field', '{ passwords }', 'invalid_document', /Cannot query field "passwords"/],
  ['an unknown argument', '{ events(limit: 5) { edges { cursor } } }', 'invalid_document', /Unknown argument "limit"/],
  ['a fragment that is nowhere', '{ ...nowhere }', 'invalid_document', /Unknown fragment/],
  ['an id that is none', '{ event(id: 0) { id } }', 'invalid_document', /an Id is an integer/],
  ['an id beyond all', `{ event(id: 9007199254740993) { id } }`, 'invalid_document', /an Id is an integer/],
  [
    'a moment that is none',
    '{ events(date_from: "2026-02-30") { edges { cursor } } }',
    'invalid_document',
    /a DateTime is/,
  ],
  ['half an amount', '{ events(price_min: 1.5) { edges { cursor } } }', 'invalid_document', /Money is an integer/],
  ['a subscription', 'subscription { my_updates { seq } }', 'operation_not_here', /WebSocket/],
] as const) {
  test(`${name}: refused`, async () => {
    const answer = await ask(query)
    assert.equal(answer.status, 400, answer.text)
    assert.equal(codeOf(answer), code)
    assert.match(answer.errors![0].message as string, message)
    assert.equal(answer.data, undefined)
    assert.ok(answer.text.length < 10_000)
  })
}

test('fragments that are used again and again are counted each time', async () => {
  const layers = Array.from({ length: 6 }, (_, n) => {
    const next = n < 5 ? `...f${n + 1} ... { ...f${n + 1} } ... { ...f${n + 1} } ... { ...f${n + 1} }` : '__typename'
    return `fragment f${n} on Query { ${next} }`
  })
  const answer = await ask(`{ ...f0 } ${layers.join(' ')}`)
  assert.equal(codeOf(answer), 'document_too_complex')
})

test('fields that could clash do not keep the server busy', async () => {
  const many = Array.from({ length: 160 }, () => 'event(id: 1) { id title }').join(' ')
  const fragments = '... { ...f } '.repeat(100)
  const begun = performance.now()
  assert.equal((await ask(`{ ${many} }`)).errors, undefined)
  assert.equal((await ask(`{ ${fragments} } fragment f on Query { event(id: 1) { id } }`)).errors, undefined)
  assert.ok(performance.now() - begun < 5_000)
})

/** Refused by the same schema as version 2's, with the field that is wrong. */
for (const [name, query, pointer] of [
  ['no rows', '{ events(first: 0) { edges { cursor } } }', '/first'],
  ['rows below none', '{ events(first: -1) { edges { cursor } } }', '/first'],
  ['too many rows', '{ events(first: 101) { edges { cursor } } }', '/first'],
  ['an empty word', '{ events(q: "") { edges { cursor } } }', '/q'],
  [
    'nothing booked',
    `mutation { book(input: { event_id: ${event.id}, customer_id: 1, quantity: 0 }) { id } }`,
    '/quantity',
  ],
] as const) {
  test(`${name}: refused with its field`, async () => {
    const answer = await ask(query)
    assert.equal(answer.status, 200)
    assert.equal(answer.data, null)
    const [{ extensions, path }] = answer.errors!
    assert.deepEqual(
      [extensions.code, extensions.status, extensions.errors[0].pointer],
      ['invalid_request', 400, pointer],
    )
    assert.equal(path.length, 1)
  })
}

test('a cursor of another list is refused', async () => {
  const { data } = await ask('{ events(first: 1, sort: id) { edges { cursor } } }')
  const { cursor } = data.events.edges[0]
  const answer = await ask('query ($c: String) { events(after: $c, sort: title) { edges { cursor } } }', { c: cursor })
  assert.equal(codeOf(answer), 'invalid_cursor')
})

test('variables that do not fit are refused, and not repeated at length', async () => {
  const query = 'query ($id: Id!) { event(id: $id) { id } }'
  for (const id of [undefined, null, 'x'.repeat(100_000), {}, [], -1, 1.5, 1e300, true]) {
    const answer = await ask(query, { id })
    assert.deepEqual([answer.status, codeOf(answer)], [400, 'invalid_document'])
    assert.ok(answer.text.length < 2_000)
  }
  const rows = 'query ($n: Int!) { events(first: $n) { edges { cursor } } }'
  for (const n of [1e9, 2 ** 40, Number.MAX_SAFE_INTEGER]) assert.equal((await ask(rows, { n })).status, 400)
})

for (const [name, body, status, code] of [
  ['no JSON', '{"query":', 400, 'invalid_body'],
  ['no object', '"query"', 400, 'invalid_body'],
  ['several at once', '[{"query":"{ __typename }"}]', 400, 'invalid_body'],
  ['no document', '{}', 400, 'invalid_request'],
  ['a document that is no text', '{"query":{"kind":"Document"}}', 400, 'invalid_request'],
  ['variables that are no object', '{"query":"{ __typename }","variables":[1]}', 400, 'invalid_request'],
  ['a long name', `{"query":"{ __typename }","operationName":"${'x'.repeat(101)}"}`, 400, 'invalid_request'],
  ['a name of nothing', '{"query":"{ __typename }","operationName":"x"}', 400, 'invalid_document'],
  ['a hash that is none', '{"extensions":{"persistedQuery":{"version":1,"sha256Hash":"x"}}}', 400, 'invalid_request'],
  [
    'an unknown hash',
    `{"extensions":{"persistedQuery":{"version":1,"sha256Hash":"${'0'.repeat(64)}"}}}`,
    400,
    'persisted_query_not_found',
  ],
  [
    'a hash of another',
    `{"query":"{ __typename }","extensions":{"persistedQuery":{"version":1,"sha256Hash":"${'0'.repeat(64)}"}}}`,
    400,
    'persisted_query_mismatch',
  ],
  ['a prototype', '{"query":"{ __typename }","__proto__":{}}', 400, 'invalid_body'],
  ['too much', `{"query":"${' '.repeat(600_000)}"}`, 413, 'body_too_large'],
] as const) {
  test(`a body with ${name}: ${status}`, async () => {
    const answer = await post(app, body)
    assert.deepEqual([answer.status, codeOf(answer)], [status, code])
  })
}

test('only JSON is taken, so that no form of another site is', async () => {
  for (const type of [
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/graphql',
  ]) {
    const answer = await post(app, '{"query":"{ __typename }"}', { 'content-type': type })
    assert.deepEqual([answer.status, codeOf(answer)], [415, 'unsupported_content_type'])
  }
})

test('a GET runs queries, and nothing that changes anything', async () => {
  const get = async (query: object) =>
    resultOf(await app.inject({ url: '/graphql', query: query as Record<string, string> }))
  const read = await get({ query: 'query ($id: Id!) { event(id: $id) { id } }', variables: `{"id":${event.id}}` })
  assert.deepEqual(read.data, { event: { id: event.id } })
  const query = `mutation m { book(input: { event_id: ${event.id}, quantity: 1 }) { id } } query q { __typename }`
  const changed = await get({ query, operationName: 'm' })
  assert.deepEqual([changed.status, codeOf(changed)], [400, 'operation_not_here'])
  assert.equal(codeOf(await get({ query, operationName: 'x' })), 'invalid_document')
  assert.equal(codeOf(await get({ query })), 'invalid_document')
  assert.equal(codeOf(await get({ query: '{ __typename }', variables: '{' })), 'invalid_request')
  assert.equal(codeOf(await get({})), 'invalid_request')
})

test('the schema is told outside production alone', async () => {
  const query = '{ schema: __schema { types { name } } }'
  assert.ok((await ask(query)).data.schema.types.length > 20)
  const answer = await production(query)
  assert.deepEqual([answer.status, codeOf(answer)], [400, 'invalid_document'])
  assert.equal((await production('{ type: __typename }')).data.type, 'Query')
})

test('what nobody foresaw is masked', async () => {
  const answer = await production('{ payment_providers }')
  assert.equal(answer.status, 200)
  assert.deepEqual(answer.errors![0].extensions, { code: 'internal_error', status: 500 })
  assert.equal(answer.errors![0].message, 'internal server error')
  assert.doesNotMatch(answer.text, /secret/)
})

const name = constantFrom(
  'events',
  'event',
  'edges',
  'node',
  'id',
  'title',
  'ticket_types',
  'me',
  'bookings',
  '__typename',
  'x',
  '__schema',
  'types',
  'ofType',
)
const argument = constantFrom(
  '',
  '(first: 2)',
  '(id: 1)',
  '(first: $a)',
  '(id: "1")',
  '(q: """x""")',
  '(first: {a: [1]})',
  '(',
  '@skip(if: $a)',
  '@include(if: true)',
)
const { selection } = letrec<{ selection: string }>((tie) => ({
  selection: array(
    oneof(
      { weight: 4, arbitrary: tuple(name, argument).map((parts) => parts.join('')) },
      { weight: 3, arbitrary: tuple(name, argument, tie('selection')).map(([a, b, c]) => `${a}${b} { ${c} }`) },
      { weight: 1, arbitrary: constantFrom('...f', '... on Event { id }', '...', '#') },
    ),
    { maxLength: 5 },
  ).map((parts) => parts.join(' ')),
}))
const documents = oneof(
  selection.map((fields) => `query ($a: Int) { ${fields} } fragment f on Query { me { id } }`),
  selection.map((fields) => `{ ${fields} }`),
  selection.map((fields) => `mutation { ${fields} }`),
  string({ maxLength: 200, unit: 'binary' }),
)

test('whatever comes is answered in GraphQL’s form, and never with a 500', async () => {
  const variables = oneof(constant(undefined), dictionary(constantFrom('a', 'b'), jsonValue({ maxDepth: 3 })))
  await assertAll(
    asyncProperty(documents, variables, async (query, given) => {
      const { status, errors, text } = await ask(query, given)
      assert.ok(status === 200 || status === 400, text)
      for (const { extensions, message } of errors ?? []) {
        assert.equal(typeof message, 'string')
        assert.ok(extensions.code !== 'internal_error', text)
      }
    }),
    { numRuns: 200 },
  )
  assert.equal((await ask('{ __typename }')).status, 200)
})
