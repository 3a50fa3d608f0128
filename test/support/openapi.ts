import assert from 'node:assert/strict'
import { Ajv, type ValidateFunction } from 'ajv'
import { parseRfc3339 } from '../../src/lib/time.ts'

type Content = Record<string, { schema: object }>
type Operation = { responses: Record<string, { content?: Content }> }
export type Document = { paths: Record<string, Record<string, Operation>> }

/** What came back, as far as a document says something of it. */
export type Answered = { status: number; type: string | undefined; body: unknown }

const problem_type = 'application/problem+json'
/** What is refused before a route is known, or whatever the route. */
const anywhere = new Set([413, 414, 415])

/**
 * Holds every answer of a documented route against the document: its status must be there, and its body must fit
 * the schema. The rest (405, 404 of unknown paths, 413, 414, 415) is held against the envelope alone.
 */
export function answersMatchDocument(document: object) {
  const find = operationsOf(document as Document, '/api/v1', true)
  const fits = schemas()

  return (method: string, path: string, { status, body }: Answered): void => {
    const operation = find(method, path)
    if (!operation || anywhere.has(status)) {
      assert.ok(status >= 400 && status < 500, `${method} ${path}: ${status} is not in the document`)
      if (method !== 'HEAD') assert.deepEqual(Object.keys(body as object), ['success', 'error'])
      return
    }
    if (isNotModified(method, status, body)) return
    const answer = operation.responses[status]
    assert.ok(answer, `${method} ${path}: ${status} ${JSON.stringify(body)} is not in the document`)
    if (method === 'HEAD') return assert.equal(body, undefined)
    fits(`${method} ${path}`, answer.content!['application/json']!.schema, body)
  }
}

/**
 * The same for version 2: a resource or nothing, 304 to who has it already, and a problem for every refusal, told
 * by its content type, too.
 */
export function answersMatchDocumentV2(document: object) {
  const find = operationsOf(document as Document, '/api/v2', false)
  const fits = schemas()

  return (method: string, path: string, { status, type, body }: Answered): void => {
    const name = `${method} ${path}: ${status} ${JSON.stringify(body)}`
    if (status >= 400) {
      assert.equal(type, problem_type, name)
      if (method !== 'HEAD') assert.equal((body as { status?: unknown }).status, status, name)
    }
    const operation = find(method, path)
    if (!operation || anywhere.has(status)) {
      assert.ok(status >= 400 && status < 500, `${name} is not in the document`)
      if (method === 'HEAD') return
      assert.deepEqual(Object.keys(body as object).slice(0, 5), ['type', 'title', 'status', 'detail', 'code'], name)
      return
    }
    if (isNotModified(method, status, body)) return assert.equal(type, undefined, name)
    const answer = operation.responses[status]
    assert.ok(answer, `${name} is not in the document`)
    if (!answer.content) return assert.equal(body, undefined, name)
    const [media = ''] = type?.split(';') ?? []
    // What is no JSON is only named.
    if (status < 400 && media !== 'application/json' && answer.content[media]) return
    const documented = answer.content[status >= 400 ? problem_type : 'application/json']
    assert.ok(documented, `${name}: its content type is not in the document`)
    if (method === 'HEAD') return
    fits(name, documented.schema, body)
  }
}

/** 304 to who has it already, which a document need not say. */
const isNotModified = (method: string, status: number, body: unknown) =>
  status === 304 && ['GET', 'HEAD'].includes(method) && body === undefined

function operationsOf({ paths }: Document, prefix: string, isOptional: boolean) {
  const routes = Object.entries(paths).map(([path, operations]) => {
    const rest = path.replace(prefix, '').replace(/\{\w+\}/g, '[^/]+')
    return { pattern: new RegExp(`^(?:${prefix})${isOptional ? '?' : ''}${rest}$`), operations }
  })
  return (method: string, path: string): Operation | undefined => {
    const [pathname = ''] = path.split('?')
    const name = method === 'HEAD' ? 'get' : method.toLowerCase()
    return routes.find(({ pattern }) => pattern.test(pathname))?.operations[name]
  }
}

function schemas() {
  const ajv = new Ajv({
    strict: false,
    formats: { text: true, email: true, 'date-time': (value: string) => parseRfc3339(value) !== undefined },
  })
  const validators = new Map<object, ValidateFunction>()
  return (name: string, schema: object, body: unknown): void => {
    let validate = validators.get(schema)
    if (!validate) validators.set(schema, (validate = ajv.compile(schema)))
    assert.ok(validate(body), `${name}: ${ajv.errorsText(validate.errors)} in ${JSON.stringify(body)}`)
  }
}
