import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseRfc3339, toRfc3339, toTimestamp } from './time.ts'

for (const [text, expected] of [
  ['2030-12-31T19:00:00Z', '2030-12-31 19:00:00'],
  ['2030-12-31T19:00:00.987Z', '2030-12-31 19:00:00'],
  ['2031-01-01T02:00:00+07:00', '2030-12-31 19:00:00'],
  ['2030-12-31t13:30:00-05:30', '2030-12-31 19:00:00'],
  ['2028-02-29T00:00:00z', '2028-02-29 00:00:00'],
  ['2026-02-29T00:00:00Z', undefined],
  ['2026-02-30T10:00:00Z', undefined],
  ['2026-13-01T10:00:00Z', undefined],
  ['2026-12-01T24:00:00Z', undefined],
  ['2026-12-01T10:60:00Z', undefined],
  ['2026-12-01T10:00:60Z', undefined],
  ['2026-12-01T10:00:00', undefined],
  ['2026-12-01 10:00:00Z', undefined],
  ['2026-12-01', undefined],
  ['2026-12-01T10:00:00+24:00', undefined],
  ['0000-01-01T00:00:00Z', undefined],
  ['9999-12-31T23:59:59-01:00', undefined],
  ['', undefined],
] as const) {
  test(`parseRfc3339 of "${text}" is ${expected}`, () => assert.equal(parseRfc3339(text), expected))
}

test('a moment is stored to the millisecond and shown to the second', () => {
  const stored = toTimestamp(new Date('2025-01-15T10:30:00.125Z'))
  assert.equal(stored, '2025-01-15 10:30:00.125')
  assert.equal(toRfc3339(stored), '2025-01-15T10:30:00Z')
})
