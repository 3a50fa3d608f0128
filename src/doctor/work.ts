import { sql } from 'kysely'
import type { Database } from '../db/database.ts'
import { dateOf } from '../lib/time.ts'
import { good, warning, wrong, type Result } from './result.ts'

const due_s_warned = 60
const due_s_wrong = 600
/** Ten minutes of them are kept; this many are those of an on-sale, and nobody removes them. */
const changes_warned = 2_000_000

/** Whether what is due is done: the outbox, holds that are over, mails, changes that are kept for those who look on. */
export async function examineWork({ db }: Database, now: Date): Promise<Result[]> {
  const one = async (query: ReturnType<typeof sql<{ value: string | number | null }>>) =>
    (await query.execute(db)).rows[0]?.value ?? null
  const dead = Number(await one(sql`select count(*) as value from outbox where dead_at is not null`))
  const oldest = await one(sql`select min(run_at) as value from outbox where run_at is not null`)
  const hold = await one(sql`select min(expires_at) as value from hold where expires_at is not null`)
  const waiting = Number(await one(sql`select count(*) as value from outbox where run_at is not null`))
  const failed = Number(await one(sql`select count(*) as value from mail where status = 'failed'`))
  const byHand = Number(await one(sql`select count(*) as value from refund where status = 'by_hand'`))
  const review = Number(await one(sql`select count(*) as value from payment where status = 'review'`))
  const unknown = Number(await one(sql`select count(*) as value from payment_notice where outcome = 'unknown'`))
  const changes = Number(await one(sql`select coalesce(max(id) - min(id) + 1, 0) as value from live_change`))
  return [
    overdue('message of the outbox', oldest, now, `${waiting} wait`),
    overdue('hold', hold, now, 'seats go back on sale in time'),
    counted(dead, 'dead messages in the outbox', 'Look at GET /api/v2/outbox-messages?state=dead, then retry them.'),
    counted(failed, 'mails failed', 'Look at GET /api/v2/mails?status=failed, mend SMTP or the address, retry them.'),
    counted(byHand, 'refunds wait for a person', 'Pay them back by hand, then close them: docs/rules/ledger.md.'),
    counted(review, 'payments are in review', "Decide them in the provider's dashboard."),
    counted(unknown, 'notices of payments that are not ours', 'Another server may use the same key at the provider.'),
    changes > changes_warned
      ? warning(`${changes} changes are kept for those who look on`, 'Is a server running? It removes old ones.')
      : good(`${changes} changes are kept for those who look on`),
  ]
}

function overdue(name: string, moment: string | number | null, now: Date, otherwise: string): Result {
  const late_s = moment === null ? 0 : (now.getTime() - dateOf(String(moment)).getTime()) / 1_000
  if (late_s <= due_s_warned) return good(`no ${name} is overdue: ${otherwise}`)
  const what = `the oldest ${name} has been due for ${Math.round(late_s)} s`
  const advice = 'Is a worker running? npm start, unless WORKER=off; else npm run worker. Its log says what fails.'
  return late_s > due_s_wrong ? wrong(what, advice) : warning(what, advice)
}

const counted = (count: number, what: string, advice: string): Result =>
  count === 0 ? good(`0 ${what}`) : warning(`${count} ${what}`, advice)
