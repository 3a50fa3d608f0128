import { jwtVerify, SignJWT } from 'jose'
import { newId } from './tokens.ts'
import type { SigningKeys } from './signing-keys.ts'

export const access_token_s = 15 * 60
const issuer = 'karcis'
const audience = 'karcis-api'
/** https://www.rfc-editor.org/rfc/rfc9068: a token of another kind is never taken for this one. */
const type = 'at+jwt'
const algorithm = 'HS256'

/** Tokens that were verified and are remembered, so that each costs one verification and not one a request. */
const remembered_max = 50_000
/** What is longer was not made here. */
const token_length_max = 1_000

/** The length of the part of a token that tells it from others: 256 bits in base64url. */
const signature_length = 43

/** The one way of writing the header that is remembered: any other is read as if its token came for the first time. */
export const bearer = (token: string): string => `Bearer ${token}`

type Verified = { header: string; session_id: string; from_ms: number; until_ms: number }

export type AccessTokens = {
  /** A token for a session; lives 15 minutes. */
  sign(user_id: number, session_id: string): Promise<string>
  /** The session, if the token of this Authorization header was verified before and still holds. */
  known(header: string): string | undefined
  /** The session of a token; undefined for what is expired, tampered with, or not made here. */
  verify(token: string): Promise<string | undefined>
}

/**
 * JWT access tokens (RFC 7519, RFC 9068), signed with HMAC-SHA-256: who verifies them is who makes them.
 * The algorithm is pinned; issuer, audience, type, expiry and key id are checked. They name the session and say
 * nothing of roles: what an account may do is looked up, so that a change counts at once.
 */
export function accessTokens(keys: SigningKeys, now: () => Date): AccessTokens {
  /** By their signatures: to look up the whole of one, all of it would have to be hashed for each request. */
  const remembered = new Map<string, Verified>()

  function known(header: string): string | undefined {
    const signature = header.slice(-signature_length)
    const found = remembered.get(signature)
    if (found?.header !== header) return undefined
    const at_ms = now().getTime()
    if (at_ms < found.until_ms && at_ms >= found.from_ms) return found.session_id
    remembered.delete(signature)
    return undefined
  }

  return {
    known,
    async sign(user_id, session_id) {
      const { id, key } = await keys.current()
      const issued_s = Math.floor(now().getTime() / 1_000)
      return new SignJWT({ sid: session_id })
        .setProtectedHeader({ alg: algorithm, kid: id, typ: type })
        .setIssuer(issuer)
        .setAudience(audience)
        .setSubject(String(user_id))
        .setJti(newId())
        .setIssuedAt(issued_s)
        .setNotBefore(issued_s)
        .setExpirationTime(issued_s + access_token_s)
        .sign(key)
    },
    async verify(token) {
      if (token.length > token_length_max) return undefined
      try {
        const { payload } = await jwtVerify<{ sid: unknown }>(
          token,
          async ({ kid }) => {
            const key = typeof kid === 'string' ? await keys.find(kid) : undefined
            if (!key) throw new UnknownKey()
            return key
          },
          {
            algorithms: [algorithm],
            issuer,
            audience,
            typ: type,
            currentDate: now(),
            requiredClaims: ['exp', 'nbf', 'sub', 'jti', 'sid'],
          },
        )
        if (typeof payload.sid !== 'string') return undefined
        const [from_ms, until_ms] = [payload.nbf! * 1_000, payload.exp! * 1_000]
        const verified = { header: bearer(token), session_id: payload.sid, from_ms, until_ms }
        if (remembered.size >= remembered_max) remembered.delete(remembered.keys().next().value!)
        remembered.set(token.slice(-signature_length), verified)
        return verified.session_id
      } catch (error) {
        // jose's own errors all have a code of theirs; what else fails is not the token's fault.
        if (error instanceof UnknownKey || isRefusal(error)) return undefined
        throw error
      }
    },
  }
}

class UnknownKey extends Error {
  override name = 'UnknownKey'
}

function isRefusal(error: unknown): boolean {
  const { code } = error as { code?: unknown }
  return typeof code === 'string' && /^ERR_J(WT|WS|OSE)/.test(code)
}
