import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { createConnection } from 'mysql2/promise'
import { databaseTargetFromUrl } from '../../config.ts'
import { hostileText } from '../../../test/support/hostile-text.ts'
import { createEmptyDatabase, onSqlite } from '../../../test/support/database.ts'
import { guardedText, literal, readText, writeText } from './sql-text.ts'

for (const [value, text] of [
  [null, 'null'],
  [0, '0'],
  [-5, '-5'],
  [9007199254740991, '9007199254740991'],
  ['', "''"],
  ['Ticket 1', "'Ticket 1'"],
  ['2030-01-01 10:00:00.000', "'2030-01-01 10:00:00.000'"],
  ["O'Neil", '_utf8mb4 0x4f274e65696c'],
  ['\\', '_utf8mb4 0x5c'],
  ['a\n', '_utf8mb4 0x610a'],
  ['é', '_utf8mb4 0xc3a9'],
] as const) {
  test(`literal of ${JSON.stringify(value)} is ${text}`, () => assert.equal(literal(value), text))
}

for (const value of [1.5, Infinity, NaN, 2 ** 53, undefined, {}, ['x'], true, 10n]) {
  test(`literal of ${inspect(value)} is refused`, () => {
    assert.throws(() => literal(value as never), TypeError)
  })
}

test('whatever the text, nothing of it stands outside plain quotes or hexadecimal digits', () => {
  for (let n = 0; n < 20_000; n++) {
    const text = hostileText()
    assert.match(literal(text), /^('[\w .:{}",[\]-]*'|_utf8mb4 0x([0-9a-f]{2})+)$/)
  }
})

test('statements', () => {
  assert.equal(
    readText({ select: 'select id from event', ids: [1, 5], lock: 'update' }),
    'select id from event where id in (1,5) order by id for update',
  )
  assert.equal(
    writeText({
      kind: 'insert',
      table: 't',
      columns: ['a', 'b'],
      rows: [
        [1, 'x'],
        [2, null],
      ],
    }),
    "insert into t (a,b) values (1,'x'),(2,null)",
  )
  assert.equal(
    writeText({
      kind: 'subtract',
      table: 't',
      column: 'c',
      amounts: [
        [1, 2],
        [3, 4],
      ],
      at: 'now',
    }),
    "update t set c = c - case id when 1 then 2 when 3 then 4 end, updated_at = 'now' where id in (1,3)",
  )
  assert.equal(
    writeText({ kind: 'set', table: 't', values: { status: 'used' }, ids: [7, 8] }),
    "update t set status = 'used' where id in (7,8)",
  )
})

test('a group that goes at once asks behind each subtraction whether it touched all its rows', () => {
  const subtract = { kind: 'subtract', column: 'c', at: 'now' } as const
  const text = guardedText(
    { versions: [[1, 7]], rows: { table: 'user', ids: [4], equal: { role: 'customer', deleted_at: null } }, fence: 9 },
    [
      { ...subtract, table: 'event', amounts: [[1, 2]] },
      { ...subtract, table: 'ticket_type', amounts: [[3, 2]] },
      { kind: 'insert', table: 't', columns: ['a'], rows: [[1]] },
    ],
  )
  assert.deepEqual(text.split(';'), [
    "update event set c = c - 2, updated_at = 'now' where id in (1) and version = 7 and c > 2",
    'select cast(row_count() = 1 and not exists (select 1 from group_fence where id = 9) and ' +
      "(select count(*) from user where id in (4) and role = 'customer' and deleted_at is null lock in share mode) = 1 " +
      'as unsigned) - 1 as holds',
    "update ticket_type set c = c - 2, updated_at = 'now' where id in (3) and c > 2",
    'select cast(row_count() = 1 as unsigned) - 1 as holds',
    'insert into t (a) values (1)',
  ])
})

test('a server reads back every text as it was', { skip: onSqlite && 'SQLite binds its values' }, async () => {
  const { url, drop } = await createEmptyDatabase()
  const { dialect: _dialect, ...target } = databaseTargetFromUrl(url) as Record<string, unknown>
  const connection = await createConnection({ ...target, charset: 'utf8mb4_bin' })
  for (let n = 0; n < 200; n++) {
    const texts = Array.from({ length: 20 }, hostileText)
    const [rows] = await connection.query(
      `select ${texts.map((text, index) => `${literal(text)} as t${index}`).join()}`,
    )
    assert.deepEqual(Object.values((rows as object[])[0]!), texts)
  }
  await connection.end()
  await drop()
})
