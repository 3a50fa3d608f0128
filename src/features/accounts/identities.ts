import type { Database, Db } from '../../db/database.ts'
import { sharedRead } from '../../db/shared-read.ts'
import { reading } from '../../db/transaction.ts'
import { scopes as allScopes, type Identity, type Role } from '../../lib/caller.ts'
import { toTimestamp } from '../../lib/time.ts'
import { listEventsOfStaff, listLiveKeys, listLiveSessions } from './accounts.sql.ts'

/**
 * How long a server goes by what it has last seen of a session or a key. What it changes itself counts at once;
 * what another server changes, after this at the latest.
 */
const remembered_ms = 5_000
const remembered_max = 50_000

export type Identities = {
  /** Who this session or key stands for, if that was looked up a moment ago. */
  known(id: string): Identity | undefined
  ofSession(id: string): Promise<Identity | undefined>
  /** @param hash of the key */
  ofKey(hash: string): Promise<Identity | undefined>
  /** To be called after every change of what this user is and may: role, sessions, keys, events as staff. */
  forget(userId: number): void
}

type Remembered = { identity: Identity; until_ms: number }

/** Who is behind sessions and keys, read for many at once and remembered for a moment. */
export function identities(database: Database, now: () => Date): Identities {
  const remembered = new Map<string, Remembered>()
  /** Counts the changes, so that what was read before one is not remembered after it. */
  let changes = 0

  const sessions = sharedRead(database, (db: Db, ids: readonly string[]) =>
    listLiveSessions(db, ids, toTimestamp(now())),
  )
  const keys = sharedRead(database, listLiveKeys)

  function remember(id: string, identity: Identity, seen: number): Identity {
    if (seen === changes) {
      forgetOld()
      if (remembered.size >= remembered_max) remembered.delete(remembered.keys().next().value!)
      remembered.delete(id)
      remembered.set(id, { identity, until_ms: performance.now() + remembered_ms })
    }
    return identity
  }

  /** All are remembered for as long, so the oldest stand first. Staff at many doors have long lists of them. */
  function forgetOld(): void {
    const at_ms = performance.now()
    for (const [id, { until_ms }] of remembered) {
      if (until_ms > at_ms) return
      remembered.delete(id)
    }
  }

  async function staffOf(userId: number, role: Role): Promise<ReadonlySet<number>> {
    if (role !== 'staff') return none
    return new Set(await reading(database, (db) => listEventsOfStaff(db, userId)))
  }

  return {
    known(id) {
      const found = remembered.get(id)
      return found && found.until_ms > performance.now() ? found.identity : undefined
    },
    async ofSession(id) {
      const seen = changes
      const row = await sessions.find(id)
      if (!row) return undefined
      const { user_id, role } = row
      return remember(id, { user_id, role, session_id: id, staff_of: await staffOf(user_id, role) }, seen)
    },
    async ofKey(hash) {
      const seen = changes
      const row = await keys.find(hash)
      if (!row) return undefined
      const { owner_id, role, api_key_id } = row
      const granted = row.scopes.split(' ')
      const scopes = allScopes.filter((scope) => granted.includes(scope))
      return remember(hash, { user_id: owner_id, role, api_key_id, scopes, staff_of: none }, seen)
    },
    forget(userId) {
      changes++
      for (const [id, { identity }] of remembered) if (identity.user_id === userId) remembered.delete(id)
    },
  }
}

const none: ReadonlySet<number> = new Set()
