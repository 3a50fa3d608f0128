import type { Identity } from '../../lib/caller.ts'
import { bearer } from './access-tokens.ts'
import type { Accounts } from './accounts.ts'
import { hashOf, key_prefix } from './tokens.ts'

const credentials_length_max = 1_000

/** The token of an Authorization header; undefined if it has none that could be ours. */
export function bearerIn(header: string): string | undefined {
  return /^Bearer +([\w.~+/-]+=*) *$/i.exec(header)?.[1]
}

/** Who sends this Authorization header; undefined for what is no good. At once where its token was seen a moment ago. */
export function identifyBearer(
  accounts: Pick<Accounts, 'tokens' | 'identities'>,
  header: string,
): Identity | undefined | Promise<Identity | undefined> {
  // A token that was verified before need not be looked at again, not even for how it is written.
  const session = accounts.tokens.known(header)
  if (session !== undefined) return ofSession(accounts, session)
  const token = bearerIn(header)
  return token === undefined ? undefined : identify(accounts, token)
}

/** Who brings this access token or API key; undefined for one that is no good. At once where it was seen a moment ago. */
export function identify(
  accounts: Pick<Accounts, 'tokens' | 'identities'>,
  token: string,
): Identity | undefined | Promise<Identity | undefined> {
  const { tokens, identities } = accounts
  if (token.length > credentials_length_max) return undefined
  if (token.startsWith(key_prefix)) {
    const hash = hashOf(token)
    return identities.known(hash) ?? identities.ofKey(hash)
  }
  const session = tokens.known(bearer(token))
  if (session !== undefined) return ofSession(accounts, session)
  return tokens.verify(token).then((id) => (id === undefined ? undefined : identities.ofSession(id)))
}

function ofSession({ identities }: Pick<Accounts, 'identities'>, session: string) {
  return identities.known(session) ?? identities.ofSession(session)
}
