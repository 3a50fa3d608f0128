import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startApp } from '../../test/support/app.ts'
import { DomainError, messageOf, type ErrorCode } from '../lib/errors.ts'
import { refusalsInIndonesian } from '../lib/refusals.id.ts'
import { problem } from './problem.ts'

const { call } = await startApp()
const indonesian = { 'accept-language': 'id-ID, en;q=0.5' }

test('a refusal of version 2 is told in the language that is asked for', async () => {
  const path = '/api/v2/events/999999'
  const [english, own] = [await call('GET', path), await call('GET', path, undefined, indonesian)]
  assert.deepEqual([english.body.detail, english.headers['content-language']], ['event not found', 'en'])
  assert.deepEqual([own.body.detail, own.headers['content-language']], ['acara tidak ditemukan', 'id'])
  assert.equal(own.body.code, english.body.code)
  for (const { headers } of [english, own]) assert.match(String(headers['vary']), /accept-language/i)
})

test('so is what is wrong with each field', async () => {
  const event = { organizer_id: 1, title: '', capacity: 0, date: 'tomorrow', colour: 'red' }
  const { status, body } = await call('POST', '/api/v2/events', event, indonesian)
  assert.equal(status, 400)
  const details = Object.fromEntries(
    (body.errors as { pointer: string; detail: string }[]).map(({ pointer, detail }) => [pointer, detail]),
  )
  assert.deepEqual(
    [details['/location'], details['/capacity'], details['/colour']],
    ['location wajib diisi', 'capacity paling sedikit 1', 'colour tidak dikenal di sini'],
  )
  assert.match(details['/date']!, /^date harus berupa tanggal dan jam/)
  assert.equal(body.detail, (body.errors as { detail: string }[])[0]!.detail)
  assert.deepEqual(
    (body.errors as object[]).map((error) => Object.keys(error)),
    (body.errors as object[]).map(() => ['in', 'pointer', 'detail']),
  )
})

test('a path that can not be read is refused so, too', async () => {
  const { body } = await call('GET', '/api/v2/events/%ff', undefined, indonesian)
  assert.equal(body.detail, 'permintaan tidak valid')
})

test('version 1 is English, whatever is asked for', async () => {
  const { body } = await call('GET', '/api/v1/events/999999', undefined, indonesian)
  assert.equal(body.error, 'event not found')
})

test('every code has a sentence in both languages, and what is said for one case alone stays as it is', () => {
  for (const code of Object.keys(refusalsInIndonesian) as ErrorCode[]) {
    const { detail } = problem(new DomainError(code), 'id')
    assert.equal(detail, refusalsInIndonesian[code])
    if (code !== 'persisted_query_not_found') assert.notEqual(detail, messageOf(code))
  }
  assert.equal(problem(new DomainError('invalid_body', 'send one JSON object'), 'id').detail, 'send one JSON object')
})
