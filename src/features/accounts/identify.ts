import type { Identity } from '../../lib/caller.ts'
import type { Accounts } from './accounts.ts'
import { hashOf, key_prefix } from './tokens.ts'

const credentials_length_max = 1_000

/** The token of an Authorization header; undefined if it has none that could be ours. */
export function bearerIn(header: string): string | undefined {
  return /^Bearer +([\w.~+/-]+=*) *$/i.exec(header)?.[1]
}

/** Who brings this access token or API key; undefined for one that is no good. At once where it was seen a moment ago. */
export function identify(
  { tokens, identities }: Pick<Accounts, 'tokens' | 'identities'>,
  token: string,
): Identity | undefined | Promise<Identity | undefined> {
  if (token.length > credentials_length_max) return undefined
  if (token.startsWith(key_prefix)) {
    const hash = hashOf(token)
    return identities.known(hash) ?? identities.ofKey(hash)
  }
  const session = tokens.known(token)
  if (session !== undefined) return identities.known(session) ?? identities.ofSession(session)
  return tokens.verify(token).then((id) => (id === undefined ? undefined : identities.ofSession(id)))
}
