import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import { mailFolder, type Config } from './config.ts'
import type { Deps } from './deps.ts'
import { removeOldFences } from './features/bookings/commit-group.ts'
import { removeOldHolds } from './features/bookings/expire-holds.ts'
import { removeOldSessions } from './features/accounts/old-sessions.ts'
import { rotateSigningKeys } from './features/accounts/signing-keys.ts'
import { rotateSignatureKeys } from './features/signatures/signer.ts'
import { removeOldChanges } from './features/live/old-changes.ts'
import { removeOldEntries } from './features/audit/old-entries.ts'
import { removeOldMailFiles } from './features/mail/old-mail-files.ts'
import { removeOldMails } from './features/mail/old-mails.ts'
import { removeOldKeys } from './features/idempotency/idempotency.ts'
import { eraseDeletedUsers } from './features/users/erase-user.ts'

const every_ms = 60_000
/** At each turn, which is 100,000 keys: as many as come in a minute of a great sale. */
const batches_max = 200
/** Others come in between. */
const pause_ms = 20

/** How long what is kept that is not kept for ever. */
export type Kept = Readonly<{
  purge_days: number
  /** 0: for ever. */
  audit_days: number
  /** Where mails become files; undefined: they are sent. */
  mail_folder: string | undefined
}>

/** What the settings say of it. */
export const keptBy = (config: Config): Kept => ({
  purge_days: config.purge_days,
  audit_days: config.audit_days,
  mail_folder: config.smtp_url === undefined ? mailFolder(config) : undefined,
})

/** Removes what has served its time, now and then. Any number of servers may do it at once. */
export function startHousekeeping(deps: Deps, log: Logger, kept: Kept): void {
  const turn = async () => {
    try {
      const removed = await cleanUp(deps, kept)
      if (Object.values(removed).some((count) => count > 0)) log.info({ removed }, 'cleaned up')
    } catch (error) {
      log.warn({ err: error }, 'housekeeping failed, and will be tried again')
    }
  }
  // Ends with the process; a turn cut off is rolled back.
  setInterval(() => void turn(), every_ms).unref()
}

/** One turn, in batches, so that it never holds up anyone; returns how many rows of each kind went. */
export async function cleanUp(
  deps: Deps,
  { purge_days, audit_days, mail_folder }: Kept,
): Promise<Record<string, number>> {
  const now = deps.now()
  return {
    idempotency_keys: await inBatches(() => removeOldKeys(deps.database, now)),
    ended_holds: await inBatches(() => removeOldHolds(deps)),
    fences: await removeOldFences(deps.database, now),
    mails: await inBatches(() => removeOldMails(deps.database, now)),
    live_changes: await inBatches(() => removeOldChanges(deps.database, now)),
    mail_files: mail_folder === undefined ? 0 : await removeOldMailFiles(mail_folder, now),
    audit_entries: await inBatches(() => removeOldEntries(deps.database, now, audit_days)),
    sessions: await inBatches(() => removeOldSessions(deps.database, now)),
    signing_keys: await rotateSigningKeys(deps.database, now),
    signature_keys: await rotateSignatureKeys(deps.database, now),
    erased_users: await inBatches(() => eraseDeletedUsers(deps, purge_days)),
  }
}

async function inBatches(remove: () => Promise<number>): Promise<number> {
  let sum = 0
  for (let batch = 0; batch < batches_max; batch++) {
    const count = await remove()
    if (count === 0) break
    sum += count
    await sleep(pause_ms)
  }
  return sum
}
