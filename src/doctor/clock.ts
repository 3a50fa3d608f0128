import { sql } from 'kysely'
import type { Database } from '../db/database.ts'
import { good, warning, wrong, type Result } from './result.ts'

const off_ms_warned = 2_000
const off_ms_wrong = 30_000

/**
 * Holds this machine's clock against another one.
 *
 * @param whose `the database`
 * @param ask their clock, in ms since 1970
 */
export async function compareClocks(whose: string, ask: () => Promise<number>): Promise<Result> {
  const before = Date.now()
  const theirs = await ask()
  const after = Date.now()
  // They looked at their clock at some moment between.
  const off_ms = Math.max(before - theirs, theirs - after, 0)
  if (off_ms <= off_ms_warned) return good(`this clock and that of ${whose} agree within ${off_ms_warned / 1_000} s`)
  const what = `this clock is ${(off_ms / 1_000).toFixed(1)} s ${theirs > after ? 'behind' : 'ahead of'} that of ${whose}`
  const advice = 'Have both machines set their clocks by NTP: holds, sales and tokens begin and end by them.'
  return off_ms > off_ms_wrong ? wrong(what, advice) : warning(what, advice)
}

/** SQLite has no clock of its own. */
export async function examineClock(database: Database): Promise<Result[]> {
  if (database.dialect.name === 'sqlite') return [good(`this clock says ${new Date().toISOString()}`)]
  const ask = async () => {
    const { rows } = await sql<{ at: number | string }>`select unix_timestamp(now(3)) as at`.execute(database.db)
    return Number(rows[0]!.at) * 1_000
  }
  return [await compareClocks('the database', ask)]
}
