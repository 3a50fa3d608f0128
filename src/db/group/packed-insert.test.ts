import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { test } from 'node:test'
import { createConnection } from 'mysql2/promise'
import { hostileText } from '../../../test/support/hostile-text.ts'
import { createEmptyDatabase, onSqlite } from '../../../test/support/database.ts'
import { databaseTargetFromUrl } from '../../config.ts'
import type { SqlValue } from './group.ts'
import { packedInsertText } from './packed-insert.ts'

const many = 12
const insert = (rows: SqlValue[][], columns = rows[0]!.map((_, index) => `c${index}`)) =>
  ({ kind: 'insert', table: 't', columns, rows }) as const
const column = (values: SqlValue[]) => packedInsertText(insert(values.map((value) => [value])))
const filled = (first: SqlValue[], rest: SqlValue) => [...first, ...Array<SqlValue>(many - first.length).fill(rest)]

for (const [name, values, expression] of [
  ['the same value', filled([], 'unused'), "'unused'"],
  ['nothing', filled([], null), 'null'],
  ['the same text, however it is written', filled([], "O'Neil"), '_utf8mb4 0x4f274e65696c'],
  ['numbers that follow one another', Array.from({ length: many }, (_, n) => 41 + n), '41+seq'],
  ['other numbers', filled([1, 230], 9), `substr(_ascii'001230${'009'.repeat(10)}',1+seq*3,3)`],
  ['texts of one length', filled(['AB', 'CD'], 'EF'), `substr(_ascii'ABCD${'EF'.repeat(10)}',1+seq*2,2)`],
  [
    'other texts',
    filled(['A', ''], 'EF '),
    `trim(trailing '~' from substr(_ascii'A~~~~~${'EF '.repeat(10)}',1+seq*3,3))`,
  ],
  [
    'texts that need more than quotes',
    filled(["'"], 'é'),
    `convert(trim(trailing _binary 0x00 from substr(_binary 0x2700${'c3a9'.repeat(11)},1+seq*2,2)) using utf8mb4)`,
  ],
] as const) {
  test(`a column of ${name} is one expression`, () => {
    assert.equal(column([...values]), `insert into t (c0) select ${expression} from seq_0_to_11`)
  })
}

for (const [name, rows] of [
  ['few rows', filled([], 1).slice(1)],
  ['texts among which some are missing', filled([null], 'A')],
  ['a text among numbers', filled(['1'], 1)],
  ['a number below nothing', filled([-1], 1)],
  ['a number that is not whole', filled([1.5], 1)],
  ['one long text among short ones', filled(['x'.repeat(100)], 'x')],
  ['one long text of other letters among short ones', filled(['é'.repeat(100)], 'x')],
  ['a NUL, which would not come back', filled(['é\0'], 'é')],
] as const) {
  test(`${name}: not packed`, () => assert.equal(column([...rows]), undefined))
}

test('what has no literal is refused, packed or not', () => {
  assert.throws(() => column(filled([], 1.5)), TypeError)
})

test('nothing of a text stands outside plain quotes or hexadecimal digits', () => {
  for (let n = 0; n < 3_000; n++) {
    const text = column(Array.from({ length: many }, hostileText))
    if (text === undefined) continue
    const bare = text.replace(/'[\w .:{}",[\]~-]*'/g, "''").replace(/0x[0-9a-f]*/g, '0x')
    assert.match(bare, /^insert into t \(c0\) select [a-z0-9_*+,' ()]+ from seq_0_to_11$/)
  }
})

test('MariaDB stores what was packed, byte by byte', { skip: onSqlite && 'SQLite binds its values' }, async (t) => {
  const { url, drop } = await createEmptyDatabase()
  const { dialect: _dialect, ...target } = databaseTargetFromUrl(url) as Record<string, unknown>
  const connection = await createConnection({ ...target, charset: 'utf8mb4_bin', dateStrings: true })
  try {
    const [[{ version }]] = (await connection.query('select version() as version')) as unknown as [
      [{ version: string }],
    ]
    if (!/mariadb/i.test(version)) return t.skip(`${version} has no sequence tables: nothing is packed there`)
    await connection.query('create table t (c0 bigint, c1 varchar(500), c2 varchar(20), c3 datetime(3), c4 mediumtext)')
    const names = ['Ani Wijaya', 'Budi', '', ' ', 'Siti ', '{"a":[1]}', 'x'.repeat(20)]
    for (let n = 0; n < 150; n++) {
      const isPlain = randomInt(2) === 0
      const rows = Array.from({ length: randomInt(many, 80) }, (_, row) => [
        randomInt(2) ? row : randomInt(2 ** 47),
        isPlain ? names[randomInt(names.length)]! : hostileText(),
        names[randomInt(4)]!,
        `2030-01-01 00:00:00.${String(randomInt(1_000)).padStart(3, '0')}`,
        randomInt(2) ? 'the same' : null,
      ])
      for (const row of rows) row[4] = rows[0]![4]!
      const text = packedInsertText(insert(rows))
      if (text === undefined) continue
      await connection.query('delete from t')
      await connection.query(text)
      const [stored] = await connection.query({ sql: 'select * from t', rowsAsArray: true })
      const sorted = (some: unknown) => (some as SqlValue[][]).map((row) => JSON.stringify(row)).toSorted()
      assert.deepEqual(sorted(stored), sorted(rows))
    }
  } finally {
    await connection.end()
    await drop()
  }
})
