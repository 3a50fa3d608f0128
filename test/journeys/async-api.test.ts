import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import { Ajv } from 'ajv'
import { asyncApi } from '../../src/features/live/async-api.ts'
import { ChannelMessages, ClientMessages, ServerMessages } from '../../src/features/live/live.schema.ts'
import { startApp } from '../support/app.ts'

const { app } = await startApp()
const rules = createRequire(import.meta.url).resolve('@asyncapi/specs/schemas/3.0.0-without-$id.json')
const validate = new Ajv({ strict: false, validateFormats: false }).compile(
  JSON.parse(readFileSync(rules, 'utf8')) as object,
)

test('/asyncapi.json is a valid AsyncAPI 3 document', async () => {
  const document = (await app.inject('/asyncapi.json')).json<object>()
  assert.ok(validate(document), JSON.stringify(validate.errors))
  assert.deepEqual(document, JSON.parse(JSON.stringify(asyncApi())))
})

test('the rules that it is held against find what is wrong', () => {
  assert.equal(validate({ ...asyncApi(), asyncapi: '2.0.0' }), false)
  assert.equal(validate({ ...asyncApi(), operations: { hear: { action: 'dance' } } }), false)
})

test('every message that there is has a name, a summary and a place in it', () => {
  const { components, channels, operations } = JSON.parse(JSON.stringify(asyncApi())) as ReturnType<typeof asyncApi>
  const names = [...Object.keys(ClientMessages), ...Object.keys(ServerMessages)]
  assert.deepEqual(Object.keys(components.messages), names)
  for (const message of Object.values(components.messages)) assert.ok(message.name && message.summary)
  assert.deepEqual(Object.keys(channels.live.messages), names)
  assert.deepEqual(Object.keys(channels.events.messages), [...Object.keys(ChannelMessages), 'closing'])
  const said = [...operations.hear.messages, ...operations.tell.messages].map(({ $ref }) => $ref.split('/').at(-1))
  assert.deepEqual(said, names)
})
