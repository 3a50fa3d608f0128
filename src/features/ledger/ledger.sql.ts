import { sql, type Insertable, type Selectable } from 'kysely'
import type { Db, Tx } from '../../db/database.ts'
import { byId, type Listing } from '../../db/page-query.ts'
import type { LedgerEntryTable } from '../../db/schema.ts'
import { sumOf } from '../../db/sum-of.ts'
import { boundedSum } from '../../lib/money.ts'
import { causes, fees, organizerAccount } from './ledger.ts'

export type LedgerEntry = Selectable<LedgerEntryTable>

/**
 * MySQL would rather read the indexes that are made for sums, and sort. To the others this is a comment:
 * https://dev.mysql.com/doc/refman/8.4/en/optimizer-hints.html#optimizer-hints-index-level
 */
const inOrderOfIds = sql.raw('/*+ NO_INDEX(ledger_entry ledger_entry_account_sum, ledger_entry_event_sum) */')

export type LedgerFilter = {
  account?: string | undefined
  event_id?: number | undefined
  booking_id?: number | undefined
}

/** Entries, newest first. */
export function listLedgerEntries(filter: LedgerFilter = {}): Listing<LedgerEntry> {
  const { account, event_id, booking_id } = filter
  return {
    name: `ledger ${JSON.stringify(filter)}`,
    order: { ...byId('ledger_entry'), descending: true },
    select(db) {
      let query = db.selectFrom('ledger_entry').modifyFront(inOrderOfIds).selectAll()
      if (account !== undefined) query = query.where('account', '=', account)
      if (event_id !== undefined) query = query.where('event_id', '=', event_id)
      if (booking_id !== undefined) query = query.where('booking_id', '=', booking_id)
      return query
    },
  }
}

/**
 * What the entries of an account add up to, by currency. There are no running totals: a row that every payment adds to
 * would make all payments wait for one another, and to be believed it would have to be counted again anyway. The index
 * holds account, currency and amount, so this reads a narrow piece of it and no rows.
 */
export async function listBalances(db: Db, account: string): Promise<{ currency: string; amount: number }[]> {
  const rows = await db
    .selectFrom('ledger_entry')
    .select(['currency', sumOf(sql.ref('amount')).as('amount')])
    .where('account', '=', account)
    .groupBy('currency')
    .orderBy('currency')
    .execute()
  return rows.map(({ currency, amount }) => ({ currency, amount: boundedSum(amount) }))
}

/** Of one event, what came in for its organizer and what went back, each with the platform's fees in it. */
export type Takings = {
  currency: string
  charged: number
  refunded: number
  /** Of what was charged and not refunded, the platform's. */
  fees: number
  /** And the organizer's. */
  net: number
}

/**
 * What was taken for an event, by currency. What came too late or twice never was the organizer's, and is not in it.
 * Read from an index that holds all of it, as listBalances.
 */
export async function listTakings(db: Db, event: { id: number; organizer_id: number }): Promise<Takings[]> {
  const rows = await db
    .selectFrom('ledger_entry')
    .select([
      'account',
      'currency',
      // A charge credits both accounts, a refund debits both.
      sumOf(sql`case when amount < 0 then -amount else 0 end`).as('charged'),
      sumOf(sql`case when amount > 0 then amount else 0 end`).as('refunded'),
      // Not their difference, which would not be exact where they are not.
      sumOf(sql`-amount`).as('kept'),
    ])
    .where('event_id', '=', event.id)
    .where('account', 'in', [organizerAccount(event.organizer_id), fees])
    // In the order of the index, so that nothing is sorted.
    .groupBy(['account', 'currency'])
    .orderBy('account')
    .orderBy('currency')
    .execute()
  const byCurrency = new Map<string, Takings>()
  for (const { account, currency, ...sums } of rows) {
    const takings = byCurrency.get(currency) ?? { currency, charged: 0, refunded: 0, fees: 0, net: 0 }
    byCurrency.set(currency, takings)
    takings.charged = boundedSum(takings.charged + Number(sums.charged))
    takings.refunded = boundedSum(takings.refunded + Number(sums.refunded))
    takings[account === fees ? 'fees' : 'net'] = boundedSum(sums.kept)
  }
  return [...byCurrency.values()]
}

/** What the entries of these causes add up to, by account: of one payment and its refunds, so they are few. */
export async function listSumsOfCauses(db: Db, causes: readonly string[]): Promise<Map<string, number>> {
  const sums = new Map<string, number>()
  if (causes.length === 0) return sums
  const rows = await db.selectFrom('ledger_entry').select(['account', 'amount']).where('cause', 'in', causes).execute()
  for (const { account, amount } of rows) sums.set(account, (sums.get(account) ?? 0) + amount)
  return sums
}

/** The causes under which refunds of this payment have been, or may have been, taken from its charge. */
export async function listCausesOfRefundsDue(db: Db, paymentId: number): Promise<string[]> {
  const rows = await db.selectFrom('refund').select('id').where('payment_id', '=', paymentId).execute()
  return rows.map(({ id }) => causes.refundDue(id))
}

export async function insertLedgerEntries(tx: Tx, entries: readonly Insertable<LedgerEntryTable>[]): Promise<void> {
  await tx.insertInto('ledger_entry').values(entries).execute()
}
