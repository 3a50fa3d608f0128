import { createSecretKey, randomBytes, type KeyObject } from 'node:crypto'
import type { Database, Db, Tx } from '../../db/database.ts'
import { inTransaction, reading } from '../../db/transaction.ts'
import { toTimestamp } from '../../lib/time.ts'
import { newId } from './tokens.ts'

const day_ms = 24 * 60 * 60 * 1_000
const signs_ms = 30 * day_ms
/** Longer than a server goes on signing with a key that has a successor, and longer than any token lives. */
const succeeds_ms = day_ms
/** A token with an unknown key makes us look for new keys; whoever makes up keys makes us look no more often. */
const looks_max = 20
const looks_ms = 5_000

export type SigningKey = { id: string; key: KeyObject }

export type SigningKeys = {
  /** The newest one; made if there is none. */
  current(): Promise<SigningKey>
  find(id: string): Promise<KeyObject | undefined>
}

/** The keys of all servers on this database, kept in memory, so that any of them verifies what another has signed. */
export function signingKeys(database: Database, now: () => Date): SigningKeys {
  let keys: readonly SigningKey[] = []
  let read_at = -Infinity
  let looking: Promise<void> | undefined
  let looks = { count: 0, since: -Infinity }

  function mayLook(): boolean {
    const at = performance.now()
    if (at - looks.since > looks_ms) looks = { count: 0, since: at }
    return looks.count++ < looks_max
  }

  async function look(): Promise<void> {
    const rows = await reading(database, listKeys)
    // Not before: whoever comes meanwhile, or after a reading that failed, must look as well.
    read_at = performance.now()
    keys = rows.map(({ id, secret }) => ({ id, key: createSecretKey(secret, 'hex') }))
  }

  return {
    async current() {
      // Another server may have made a newer one, and who verifies learns of it by its id.
      if (performance.now() - read_at > day_ms / 24) await look()
      if (keys.length === 0) {
        await inTransaction(database, (tx) => insertKey(tx, now()))
        await look()
      }
      return keys[0]!
    },
    async find(id) {
      const known = () => keys.find((one) => one.id === id)?.key
      // A crowd that comes to a server that has just started is one look, not as many as may be made.
      if (!known() && looking) await looking
      if (!known() && mayLook()) await (looking = look().finally(() => (looking = undefined)))
      return known()
    },
  }
}

/**
 * Makes a new key once a month, and removes those that no living token can be signed with: which have had a
 * successor for a day. Returns how many.
 */
export async function rotateSigningKeys(database: Database, now: Date): Promise<number> {
  return inTransaction(database, async (tx) => {
    const keys = await listKeys(tx)
    const [newest] = keys
    const isDue = newest && newest.created_at < toTimestamp(new Date(now.getTime() - signs_ms))
    if (isDue) await insertKey(tx, now)
    const settled = toTimestamp(new Date(now.getTime() - succeeds_ms))
    const successor = keys.find(({ created_at }) => created_at < settled)
    if (!successor) return 0
    const { numDeletedRows } = await tx
      .deleteFrom('signing_key')
      .where('created_at', '<', successor.created_at)
      .executeTakeFirst()
    return Number(numDeletedRows)
  })
}

/** Newest first; there are two at most, but for servers that start at the same moment. */
function listKeys(db: Db) {
  return db.selectFrom('signing_key').selectAll().orderBy('created_at', 'desc').orderBy('id').limit(100).execute()
}

async function insertKey(tx: Tx, now: Date): Promise<void> {
  const secret = randomBytes(32).toString('hex')
  await tx
    .insertInto('signing_key')
    .values({ id: newId(), secret, created_at: toTimestamp(now) })
    .execute()
}
