import type { Database } from '../../db/database.ts'
import { inTransaction } from '../../db/transaction.ts'
import { toTimestamp } from '../../lib/time.ts'
import { endSandboxPayment } from './sandbox.sql.ts'

/** What somebody can do on the page of a payment. `pay_too_late` pays without a look at the clock. */
export const sandboxActions = ['pay', 'decline', 'close', 'pay_too_late'] as const
export type SandboxAction = (typeof sandboxActions)[number]

/**
 * Does what was chosen on the page, and says whether that changed anything: a payment ends once, and by `pay` only
 * while there is time. An unknown key changes nothing.
 */
export async function actInSandbox(
  { database, now }: { database: Database; now: () => Date },
  key: string,
  action: SandboxAction,
): Promise<boolean> {
  const at = toTimestamp(now())
  const change = {
    pay: { status: 'paid', paid_at: at, openAt: at },
    pay_too_late: { status: 'paid', paid_at: at },
    decline: { status: 'declined' },
    close: { status: 'closed' },
  } as const
  return inTransaction(database, (tx) => endSandboxPayment(tx, key, change[action]))
}
