import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { compactVerify, CompactSign } from 'jose'
import type { Database } from '../../db/database.ts'
import { inTransaction, reading } from '../../db/transaction.ts'
import type { PublicKey, Signer } from '../../lib/signer.ts'
import { toTimestamp } from '../../lib/time.ts'
import { forgetSecrets, insertSignatureKey, listSignatureKeys, type SignatureKey } from './signatures.sql.ts'

const day_ms = 24 * 60 * 60 * 1_000
const signs_ms = 90 * day_ms
/** Longer than a server goes on signing with a key that has a successor. */
const succeeds_ms = day_ms
const looks_again_ms = day_ms / 24
/** A token with an unknown key makes us look for new keys; whoever makes up keys makes us look no more often. */
const unknown_look_ms = 1_000
/** What is longer was not made here. */
const token_length_max = 1_000
const algorithm = 'EdDSA'

type Key = { id: string; x: string; public: KeyObject; secret: KeyObject | undefined }

/** Ed25519 (RFC 8032), by keys that all servers on this database share; each keeps them in memory. */
export function openSigner(database: Database, now: () => Date): Signer {
  let keys = new Map<string, Key>()
  let looked_at = -Infinity
  let looking: Promise<void> | undefined

  async function look(): Promise<void> {
    const rows = await reading(database, listSignatureKeys)
    looked_at = performance.now()
    keys = new Map(rows.map((row) => [row.id, keys.get(row.id) ?? keyOf(row)]))
  }
  const lookOnce = () => (looking ??= look().finally(() => (looking = undefined)))
  const age_ms = () => performance.now() - looked_at

  async function current(): Promise<Key & { secret: KeyObject }> {
    const newest = () => [...keys.values()].find(hasSecret)
    if (age_ms() > looks_again_ms) await lookOnce()
    if (!newest()) {
      await inTransaction(database, (tx) => insertSignatureKey(tx, newKey(now())))
      await look()
    }
    return newest()!
  }

  async function find(id: string): Promise<KeyObject | undefined> {
    if (!keys.has(id) && looking) await looking
    if (!keys.has(id) && age_ms() > unknown_look_ms) await lookOnce()
    return keys.get(id)?.public
  }

  return {
    async sign(payload) {
      const { id, secret } = await current()
      const bytes = Buffer.from(JSON.stringify(payload))
      return new CompactSign(bytes).setProtectedHeader({ alg: algorithm, kid: id }).sign(secret)
    },
    async verify(token) {
      if (token.length > token_length_max || !isCanonical(token)) return undefined
      try {
        const { payload } = await compactVerify(
          token,
          async ({ kid }) => {
            const key = typeof kid === 'string' ? await find(kid) : undefined
            if (!key) throw new UnknownKey()
            return key
          },
          { algorithms: [algorithm] },
        )
        const value: unknown = JSON.parse(Buffer.from(payload).toString())
        return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
      } catch (error) {
        if (error instanceof UnknownKey || isRefusal(error)) return undefined
        throw error
      }
    },
    async publicKeys() {
      if (age_ms() > unknown_look_ms) await lookOnce()
      if (keys.size === 0) await current()
      return [...keys.values()].map(({ id, x }) => publicKey(id, x))
    },
  }
}

/**
 * Makes a new key every three months, and forgets the secrets of those that have had a successor for a day. Public keys
 * stay: a ticket is printed long before its day. Returns how many secrets went.
 */
export async function rotateSignatureKeys(database: Database, now: Date): Promise<number> {
  return inTransaction(database, async (tx) => {
    const keys = await listSignatureKeys(tx)
    const ago = (ms: number) => toTimestamp(new Date(now.getTime() - ms))
    const [newest] = keys
    if (newest && newest.created_at < ago(signs_ms)) await insertSignatureKey(tx, newKey(now))
    const successor = keys.find(({ created_at }) => created_at < ago(succeeds_ms))
    return successor ? forgetSecrets(tx, successor.created_at) : 0
  })
}

const hasSecret = (key: Key): key is Key & { secret: KeyObject } => key.secret !== undefined

function newKey(now: Date): SignatureKey {
  const { d, x } = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' })
  // Short, because every QR code carries it.
  return { id: x!.slice(0, 6), public_key: x!, secret_key: d!, created_at: toTimestamp(now) }
}

function keyOf({ id, public_key: x, secret_key: d }: SignatureKey): Key {
  const jwk = { kty: 'OKP', crv: 'Ed25519', x }
  return {
    id,
    x,
    public: createPublicKey({ format: 'jwk', key: jwk }),
    secret: d === null ? undefined : createPrivateKey({ format: 'jwk', key: { ...jwk, d } }),
  }
}

const publicKey = (kid: string, x: string): PublicKey => ({
  kty: 'OKP',
  crv: 'Ed25519',
  x,
  kid,
  use: 'sig',
  alg: algorithm,
})

/**
 * Whether each part is written the one way in which its bytes are encoded: decoders ignore the last bits of a part and
 * what is no base64url at all, so that many texts would pass for one token.
 */
function isCanonical(token: string): boolean {
  const parts = token.split('.')
  return parts.length === 3 && parts.every((part) => Buffer.from(part, 'base64url').toString('base64url') === part)
}

class UnknownKey extends Error {
  override name = 'UnknownKey'
}

/** jose's own errors all have a code of theirs; what else fails is not the token's fault. */
function isRefusal(error: unknown): boolean {
  if (error instanceof SyntaxError) return true
  const { code } = error as { code?: unknown }
  return typeof code === 'string' && /^ERR_J(WT|WS|OSE)/.test(code)
}
