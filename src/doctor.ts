import { sql } from 'kysely'
import type { Database, Db } from './db/database.ts'
import { isUpToDate } from './db/migrate.ts'
import { inSnapshot } from './db/transaction.ts'
import { diagnoseRows } from './doctor/checks.ts'
import type { Finding } from './doctor/finding.ts'
import { diagnoseHolds } from './doctor/holds.ts'
import { StartupError } from './lib/errors.ts'

export type { Finding }

const counted = ['event', 'booking', 'ticket', 'payment', 'refund'] as const

/**
 * Everything that breaks a rule of docs/rules, of every row there is: of each rule the first 20, and how many more.
 * Only reads. What changes meanwhile may look wrong, so books that are in use are looked at in a snapshot.
 */
export async function diagnose(db: Db): Promise<Finding[]> {
  return [...(await diagnoseRows(db)), ...(await diagnoseHolds(db))]
}

/**
 * Looks at the books as they were at one moment, while servers go on. Returns whether they balance, and what to print.
 *
 * @throws StartupError if the tables are not those of this version
 */
export async function examine(database: Database): Promise<{ sound: boolean; lines: string[] }> {
  if (!(await isUpToDate(database))) {
    throw new StartupError('The tables are not those of this version of Karcis. Run npm run migrate first.')
  }
  return inSnapshot(database, async (db) => {
    const findings = await diagnose(db)
    if (findings.length > 0) return { sound: false, lines: findings.map(({ rule, what }) => `${rule}: ${what}`) }
    const numbers: string[] = []
    for (const table of counted) {
      const { rows } = await sql<{ count: number }>`select count(*) as count from ${sql.table(table)}`.execute(db)
      numbers.push(`${rows[0]!.count} ${table}s`)
    }
    return { sound: true, lines: [`All books balance: ${numbers.join(', ')}.`] }
  })
}
