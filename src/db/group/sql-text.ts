import type { GroupGuard, GroupRead, GroupWrite, SqlValue } from './group.ts'

/** Text that needs no quoting but the quotes: no backslash, no single quote, nothing outside ASCII. JSON of plain values, too. */
export const plain = /^[\w .:{}",[\]-]*$/

/**
 * A value as MySQL text. This is the only place where values become part of a statement's text, because
 * several statements in one packet can't be prepared. Numbers must be integers that JavaScript counts exactly;
 * any text that is not plain is written as the hexadecimal digits of its UTF-8, which have no syntax to break out of.
 *
 * @throws TypeError for anything else
 */
export function literal(value: SqlValue): string {
  if (value === null) return 'null'
  if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value)
  if (typeof value === 'string') {
    return plain.test(value) ? `'${value}'` : `_utf8mb4 0x${Buffer.from(value, 'utf8').toString('hex')}`
  }
  throw new TypeError(`no SQL literal for ${typeof value} ${String(value)}`)
}

const locks = { update: ' for update', share: ' lock in share mode', none: '' } as const

export function readText({ select, by = 'id', ids, lock }: GroupRead): string {
  return `${select} where ${by} in (${ids.map(literal).join(',')}) order by id${locks[lock]}`
}

export type WriteText = (write: GroupWrite) => string

export function writeText(write: GroupWrite): string {
  if (write.kind === 'insert') {
    const { table, columns, rows } = write
    let text = `insert into ${table} (${columns.join(',')}) values `
    for (let row = 0; row < rows.length; row++) {
      text += row === 0 ? '(' : ',('
      const values = rows[row]!
      for (let column = 0; column < columns.length; column++) {
        if (column > 0) text += ','
        text += literal(values[column]!)
      }
      text += ')'
    }
    return text
  }
  if (write.kind === 'set') {
    const { table, values, ids } = write
    const assignments = Object.entries(values).map(([column, value]) => `${column} = ${literal(value)}`)
    return `update ${table} set ${assignments.join(', ')} where id in (${ids.map(literal).join(',')})`
  }
  return subtractText(write)
}

type Subtraction = Extract<GroupWrite, { kind: 'subtract' }>

function subtractText({ table, column, amounts, at }: Subtraction): string {
  const ids = amounts.map(([id]) => literal(id)).join(',')
  return `update ${table} set ${column} = ${column} - ${byId(amounts)}, updated_at = ${literal(at)} where id in (${ids})`
}

/**
 * The writes of a group that has not looked first. Each subtraction has its guard in its WHERE, and a select behind it
 * that fails, and so ends the packet, unless all its rows were touched; the first one also looks at all else that is
 * expected. The fence is read when the rows are locked already: docs/decisions/0009 says why that matters.
 */
export function guardedText(
  { versions, rows, fence }: GroupGuard,
  writes: readonly GroupWrite[],
  write: WriteText = writeText,
): string {
  if (writes[0]?.kind !== 'subtract') throw new TypeError('a guarded group begins with a subtraction')
  const { table, ids, equal } = rows
  const values = Object.entries(equal).map(([column, value]) =>
    value === null ? `${column} is null` : `${column} = ${literal(value)}`,
  )
  // A plain read would see the rows as they were when the packet began; this one waits for whoever is changing them.
  const found =
    `select count(*) from ${table} where id in (${ids.map(literal).join(',')}) ` +
    `and ${values.join(' and ')} lock in share mode`
  const more = [`not exists (select 1 from group_fence where id = ${literal(fence)})`, `(${found}) = ${ids.length}`]
  return writes
    .map((one, index) => {
      if (one.kind !== 'subtract') return write(one)
      const { column, amounts } = one
      const leavesSome = `${column} > ${byId(amounts)}`
      const touched = `row_count() = ${amounts.length}`
      return index === 0
        ? `${subtractText(one)} and version = ${byId(versions)} and ${leavesSome};${unless([touched, ...more])}`
        : `${subtractText(one)} and ${leavesSome};${unless([touched])}`
    })
    .join(';')
}

/**
 * Fails, and so ends the packet, unless all of this is true. One less than nothing is out of the range of an unsigned number,
 * which is an error in any statement; most others are but warnings in a select.
 */
function unless(expected: readonly string[]): string {
  return `select cast(${expected.join(' and ')} as unsigned) - 1 as holds`
}

/** A value for each id; a bare one where there is but one. */
function byId(values: readonly (readonly [id: number, value: SqlValue])[]): string {
  if (values.length === 1) return literal(values[0]![1])
  return `case id ${values.map(([id, value]) => `when ${literal(id)} then ${literal(value)}`).join(' ')} end`
}
