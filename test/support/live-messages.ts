import assert from 'node:assert/strict'
import { Ajv, type ValidateFunction } from 'ajv'
import { asyncApi } from '../../src/features/live/async-api.ts'

// What a format promises is held against the REST API's own tests.
const ajv = new Ajv({ strict: false, validateFormats: false })
const checks = new Map<string, ValidateFunction>()

/** Holds a message that was seen on the wire against the AsyncAPI document: no field is missing, and none is too many. */
export function assertIsDocumented(message: { type: string }): void {
  const { components } = asyncApi()
  let check = checks.get(message.type)
  if (!check) {
    const documented = (components.messages as Record<string, { payload: object }>)[message.type]
    assert.ok(documented, `there is no message "${message.type}" in the document`)
    check = ajv.compile(closed(JSON.parse(JSON.stringify(documented.payload))) as object)
    checks.set(message.type, check)
  }
  assert.ok(check(message), `${JSON.stringify(check.errors)}\n${JSON.stringify(message)}`)
}

/** The schema with nothing let through that it does not name. */
function closed(schema: unknown): unknown {
  if (typeof schema !== 'object' || schema === null) return schema
  if (Array.isArray(schema)) return schema.map(closed)
  const entries = Object.entries(schema).map(([key, value]) => [key, closed(value)] as const)
  return { ...Object.fromEntries(entries), ...('properties' in schema && { additionalProperties: false }) }
}
