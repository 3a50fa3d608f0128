import type { GroupRead, GroupWrite, SqlValue } from './group.ts'

/** What needs no quoting but the quotes: no backslash, no quote, nothing outside ASCII. */
const plain = /^[\w .:-]*$/

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
  const { table, column, amounts, at } = write
  const cases = amounts.map(([id, amount]) => `when ${literal(id)} then ${literal(amount)}`).join(' ')
  const ids = amounts.map(([id]) => literal(id)).join(',')
  return `update ${table} set ${column} = ${column} - case id ${cases} end, updated_at = ${literal(at)} where id in (${ids})`
}
