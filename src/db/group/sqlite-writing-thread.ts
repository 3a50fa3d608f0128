import type { StatementSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'
import { openWriter, unreachable } from '../sqlite-connections.ts'
import type { GroupGuard, GroupRead, GroupWrite } from './group.ts'

/** What is asked of the thread, one thing at a time. */
export type Asked =
  /** Begins a transaction and reads in it. */
  | { kind: 'read'; reads: readonly GroupRead[] }
  /** Writes in the transaction that a read began, and commits it. */
  | { kind: 'commit'; writes: readonly GroupWrite[] }
  | { kind: 'commitAtOnce'; guard: GroupGuard; writes: readonly GroupWrite[] }
  | { kind: 'rollback' }
  | { kind: 'close' }

/** What it answers; of an error what its meaning is found by, since a clone of one has nothing else of its own. */
export type Answered =
  | { rows: Record<string, unknown>[][] }
  /** `mayBeKept`: of a commit that went wrong when its rows were in the log already, where a crash would find them. */
  | { error: { message: string; errcode?: number; mayBeKept?: boolean } }

type Subtraction = Extract<GroupWrite, { kind: 'subtract' }>

const connection = openWriter(workerData as string)
const prepared = new Map<string, StatementSync>()

function prepare(sql: string): StatementSync {
  let statement = prepared.get(sql)
  if (!statement) prepared.set(sql, (statement = connection.prepare(sql)))
  return statement
}

function read({ select, by = 'id', ids }: GroupRead): Record<string, unknown>[] {
  const statement = prepare(`${select} where ${by} = ?`)
  // Rows of node:sqlite have no prototype, and a copy on the way to another thread has one.
  return ids.flatMap((id) => statement.all(id))
}

function write(one: GroupWrite): void {
  if (one.kind === 'insert') {
    const { table, columns, rows } = one
    const statement = prepare(
      `insert into ${table} (${columns.join(',')}) values (${columns.map(() => '?').join(',')})`,
    )
    for (const row of rows) statement.run(...row)
  } else if (one.kind === 'set') {
    const { table, values, ids } = one
    const assignments = Object.keys(values).map((column) => `${column} = ?`)
    const statement = prepare(`update ${table} set ${assignments.join(', ')} where id = ?`)
    for (const id of ids) statement.run(...Object.values(values), id)
  } else {
    const { amounts, at } = one
    const statement = prepare(subtraction(one))
    for (const [id, amount] of amounts) statement.run(amount, at, id)
  }
}

const subtraction = ({ table, column }: Subtraction) =>
  `update ${table} set ${column} = ${column} - ?, updated_at = ? where id = ?`

/** The writes of a group that has not looked first; throws where anything is not as it takes for granted. */
function writeGuarded({ versions, rows, fence }: GroupGuard, writes: readonly GroupWrite[]): void {
  const { table, ids, equal } = rows
  const tests = Object.entries(equal).map(([column, value]) => (value === null ? `${column} is null` : `${column} = ?`))
  const values = Object.values(equal).filter((value) => value !== null)
  const find = prepare(`select id from ${table} where id = ? and ${tests.join(' and ')}`)
  if (!ids.every((id) => find.get(id, ...values))) throw new Error('a row is not as it was expected')
  if (prepare('select id from group_fence where id = ?').get(fence)) throw new Error('a fence stands')
  const versionOf = new Map(versions)
  for (const [index, one] of writes.entries()) {
    if (one.kind === 'subtract') subtractGuarded(one, index === 0 ? versionOf : undefined)
    else write(one)
  }
}

function subtractGuarded(one: Subtraction, versionOf: ReadonlyMap<number, number> | undefined): void {
  const { column, amounts, at } = one
  const statement = prepare(`${subtraction(one)} and ${column} > ?${versionOf ? ' and version = ?' : ''}`)
  for (const [id, amount] of amounts) {
    const version = versionOf ? [versionOf.get(id) ?? null] : []
    if (statement.run(amount, at, id, amount, ...version).changes !== 1) throw new Error('a row has changed')
  }
}

/** Does what is asked; gives the rows that were asked for. */
function act(asked: Exclude<Asked, { kind: 'close' }>): Record<string, unknown>[][] {
  if (asked.kind === 'read') {
    connection.exec('begin immediate')
    return asked.reads.map(read)
  }
  if (asked.kind === 'rollback') rollBack()
  else if (asked.kind === 'commitAtOnce') {
    connection.exec('begin immediate')
    writeGuarded(asked.guard, asked.writes)
    commit()
  } else {
    // Its transaction ended with the thread before this one.
    if (!connection.isTransaction) throw unreachable('its transaction is gone')
    for (const one of asked.writes) write(one)
    commit()
  }
  return []
}

/**
 * An error of the disk may come when the commit is in the log and only its index could not grow, or `fsync` failed: it
 * is rolled back, but found there by whoever opens the file after a crash, until the next commit takes its place.
 */
function commit(): void {
  try {
    connection.exec('commit')
  } catch (error) {
    const isOfTheDisk = ((error as { errcode?: number }).errcode ?? 0) % 256 === 10
    throw isOfTheDisk ? Object.assign(error as Error, { mayBeKept: true }) : error
  }
}

/** Some errors, a full disk among them, have rolled back already. */
function rollBack(): void {
  if (connection.isTransaction) connection.exec('rollback')
}

function answer(asked: Exclude<Asked, { kind: 'close' }>): Answered {
  try {
    return { rows: act(asked) }
  } catch (error) {
    rollBack()
    const { message, errcode, mayBeKept = false } = error as Error & { errcode?: number; mayBeKept?: boolean }
    return { error: { message, mayBeKept, ...(errcode !== undefined && { errcode }) } }
  }
}

parentPort!.on('message', (asked: Asked) => {
  if (asked.kind !== 'close') return parentPort!.postMessage(answer(asked))
  connection.close()
  parentPort!.close()
})
