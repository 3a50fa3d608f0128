import type { Deps } from '../../deps.ts'
import { accessTokens, type AccessTokens } from './access-tokens.ts'
import { failedSignIns, type FailedSignIns } from './failed-sign-ins.ts'
import { identities, type Identities } from './identities.ts'
import { signingKeys } from './signing-keys.ts'

/** What a server keeps in memory of its accounts. There is one, whatever ways lead to it. */
export type Accounts = Readonly<{
  tokens: AccessTokens
  identities: Identities
  failures: FailedSignIns
}>

export function openAccounts({ database, now }: Deps): Accounts {
  return {
    tokens: accessTokens(signingKeys(database, now), now),
    identities: identities(database, now),
    failures: failedSignIns(now),
  }
}
