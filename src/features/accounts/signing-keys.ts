import { createSecretKey, randomBytes, type KeyObject } from 'node:crypto'
import type { Database, Db, Tx } from '../../db/database.ts'
import { inTransaction, reading } from '../../db/transaction.ts'
import { toTimestamp } from '../../lib/time.ts'
import { newId } from './tokens.ts'

const day_ms = 24 * 60 * 60 * 1_000
const signs_ms = 30 * day_ms
/** Longer than any token lives that was signed with it. */
const verifies_ms = signs_ms + day_ms
/** A token with an unknown key makes us look for new keys, no more often than this. */
const look_again_ms = 5_000

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
      if (!known() && performance.now() - read_at > look_again_ms) await look()
      return known()
    },
  }
}

/** Makes a new key once a month, and removes those that no living token can be signed with. Returns how many. */
export async function rotateSigningKeys(database: Database, now: Date): Promise<number> {
  return inTransaction(database, async (tx) => {
    const [newest] = await listKeys(tx)
    const isDue = newest && newest.created_at < toTimestamp(new Date(now.getTime() - signs_ms))
    if (isDue) await insertKey(tx, now)
    const { numDeletedRows } = await tx
      .deleteFrom('signing_key')
      .where('created_at', '<', toTimestamp(new Date(now.getTime() - verifies_ms)))
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
