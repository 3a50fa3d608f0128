import type { GroupGuard, GroupRead, GroupWrite, SqlValue } from './group.ts'

/** What needs no quoting but the quotes: no backslash, no single quote, nothing outside ASCII. JSON of plain values, too. */
const plain = /^[\w .:{}",[\]-]*$/

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

export function readText({ select, ids, lock }: GroupRead): string {
  const how = lock === 'update' ? 'for update' : 'lock in share mode'
  return `${select} where id in (${ids.map(literal).join(',')}) order by id ${how}`
}

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

function subtractText({ table, column, amounts, at }: Extract<GroupWrite, { kind: 'subtract' }>): string {
  const ids = amounts.map(([id]) => literal(id)).join(',')
  return `update ${table} set ${column} = ${column} - ${byId(amounts)}, updated_at = ${literal(at)} where id in (${ids})`
}

/**
 * The writes of a group that has not looked first. The guard stands in the subtraction's WHERE; the select
 * behind it fails, and so ends the packet, unless all rows were touched and all else is as expected.
 * The fence is read when the rows are locked already: docs/decisions/0009 says why that matters.
 */
export function guardedText({ subtraction, rows, fence }: GroupGuard, [first, ...rest]: readonly GroupWrite[]): string {
  if (first?.kind !== 'subtract') throw new TypeError('a guarded group begins with its subtraction')
  const conditions = [
    ...Object.entries(subtraction.equal).map(([column, value]) => `${column} = ${literal(value)}`),
    ...Object.entries(subtraction.above).map(([column, value]) => `${column} > ${literal(value)}`),
    ...Object.entries(subtraction.equalById).map(([column, values]) => `${column} = ${byId(values)}`),
    `${first.column} > ${byId(first.amounts)}`,
  ]
  const { table, ids, equal } = rows
  const values = Object.entries(equal).map(([column, value]) =>
    value === null ? `${column} is null` : `${column} = ${literal(value)}`,
  )
  // A plain read would see the rows as they were when the packet began; this one waits for whoever is changing them.
  const found =
    `select count(*) from ${table} where id in (${ids.map(literal).join(',')}) ` +
    `and ${values.join(' and ')} lock in share mode`
  const expected = [
    `row_count() = ${first.amounts.length}`,
    `not exists (select 1 from group_fence where id = ${literal(fence)})`,
    `(${found}) = ${ids.length}`,
  ]
  return [
    `${subtractText(first)} and ${conditions.join(' and ')}`,
    // "Subquery returns more than 1 row" is the one error by which plain SQL can end a packet on a condition.
    `select if(${expected.join(' and ')}, 0, (select 1 union select 2)) as holds`,
    ...rest.map(writeText),
  ].join(';')
}

/** A value for each id; a bare one where there is but one. */
function byId(values: readonly (readonly [id: number, value: SqlValue])[]): string {
  if (values.length === 1) return literal(values[0]![1])
  return `case id ${values.map(([id, value]) => `when ${literal(id)} then ${literal(value)}`).join(' ')} end`
}
