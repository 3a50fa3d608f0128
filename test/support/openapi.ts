import assert from 'node:assert/strict'
import { Ajv, type ValidateFunction } from 'ajv'
import { parseRfc3339 } from '../../src/lib/time.ts'

type Operation = { responses: Record<string, { content: { 'application/json': { schema: object } } }> }
type Document = { paths: Record<string, Record<string, Operation>> }

/**
 * Holds every answer of a documented route against the document: its status must be there, and its body must fit
 * the schema. The rest (405, 404 of unknown paths, 413, 414, 415) is held against the envelope alone.
 */
export function answersMatchDocument(document: object) {
  const { paths } = document as Document
  const ajv = new Ajv({
    strict: false,
    formats: { text: true, email: true, 'date-time': (value: string) => parseRfc3339(value) !== undefined },
  })
  const validators = new Map<object, ValidateFunction>()
  const routes = Object.entries(paths).map(([path, operations]) => ({
    pattern: new RegExp(`^(?:/api/v1)?${path.replace('/api/v1', '').replace(/\{\w+\}/g, '[^/]+')}$`),
    operations,
  }))

  return (method: string, path: string, status: number, body: unknown): void => {
    const [pathname = ''] = path.split('?')
    const operation = routes.find(({ pattern }) => pattern.test(pathname))?.operations[method.toLowerCase()]
    if (!operation || [413, 414, 415].includes(status)) {
      assert.ok(status >= 400 && status < 500, `${method} ${path}: ${status} is not in the document`)
      assert.deepEqual(Object.keys(body as object), ['success', 'error'])
      return
    }
    const answer = operation.responses[status]
    assert.ok(answer, `${method} ${path}: ${status} ${JSON.stringify(body)} is not in the document`)
    const { schema } = answer.content['application/json']
    let validate = validators.get(schema)
    if (!validate) validators.set(schema, (validate = ajv.compile(schema)))
    assert.ok(validate(body), `${method} ${path}: ${ajv.errorsText(validate.errors)} in ${JSON.stringify(body)}`)
  }
}
