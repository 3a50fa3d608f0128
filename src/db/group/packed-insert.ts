import type { GroupWrite, SqlValue } from './group.ts'
import { literal, plain } from './sql-text.ts'

type Insert = Extract<GroupWrite, { kind: 'insert' }>

/** A statement over the server's own numbers costs more than a few rows that are written out. */
const rows_min = 12
/** A column is padded to its longest value; one that would grow to more than so many times itself is not. */
const padding_max = 4
/** What no plain text has in it. */
const filler = '~'

/**
 * An insert of many rows as a select over MariaDB's sequence tables (https://mariadb.com/kb/en/sequence-storage-engine/):
 * each column is one expression of the row's number. Half of what a row of a dozen values costs the server is to parse
 * them one by one; here it parses a dozen expressions for all rows, and cuts their values out of one text for each column.
 *
 * @returns undefined for what can't be written so, or is better written out
 */
export function packedInsertText({ table, columns, rows }: Insert): string | undefined {
  if (rows.length < rows_min) return undefined
  const packed: string[] = []
  for (let index = 0; index < columns.length; index++) {
    const values = rows.map((row) => row[index]!)
    const one = packedColumn(values)
    if (one === undefined) return undefined
    packed.push(one)
  }
  return `insert into ${table} (${columns.join(',')}) select ${packed.join(',')} from seq_0_to_${rows.length - 1}`
}

function packedColumn(values: readonly SqlValue[]): string | undefined {
  const first = values[0]!
  if (values.every((value) => value === first)) return literal(first)
  if (values.every((value) => typeof value === 'number')) return packedNumbers(values)
  if (values.every((value) => typeof value === 'string')) return packedTexts(values)
  return undefined
}

function packedNumbers(values: readonly number[]): string | undefined {
  if (!values.every((value) => Number.isSafeInteger(value) && value >= 0)) return undefined
  const first = values[0]!
  if (values.every((value, index) => value === first + index)) return `${first}+seq`
  const digits = values.map(String)
  const width = longest(digits)
  return cut(`_ascii'${digits.map((one) => one.padStart(width, '0')).join('')}'`, width)
}

function packedTexts(values: readonly string[]): string | undefined {
  if (values.every((value) => plain.test(value))) {
    const width = longest(values)
    if (values.every(({ length }) => length === width)) return cut(`_ascii'${values.join('')}'`, width)
    if (isTooSparse(values, width)) return undefined
    const padded = values.map((value) => value.padEnd(width, filler)).join('')
    return `trim(trailing '${filler}' from ${cut(`_ascii'${padded}'`, width)})`
  }
  // No syntax to break out of, and a byte that ends no text: NUL is refused where text comes in.
  const bytes = values.map((value) => Buffer.from(value, 'utf8').toString('hex'))
  const width = longest(bytes)
  if (isTooSparse(bytes, width) || values.some((value) => value.includes('\0'))) return undefined
  const padded = bytes.map((value) => value.padEnd(width, '0')).join('')
  return `convert(trim(trailing _binary 0x00 from ${cut(`_binary 0x${padded}`, width / 2)}) using utf8mb4)`
}

/** Of texts in one byte a character, so that the server finds the place without counting characters. */
const cut = (text: string, width: number) => `substr(${text},1+seq*${width},${width})`

const longest = (texts: readonly string[]) => texts.reduce((most, { length }) => Math.max(most, length), 1)

const isTooSparse = (texts: readonly string[], width: number) =>
  width * texts.length > padding_max * texts.reduce((sum, { length }) => sum + Math.max(1, length), 0)
