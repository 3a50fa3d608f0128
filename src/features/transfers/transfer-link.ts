import type { Deps } from '../../deps.ts'
import { DomainError } from '../../lib/errors.ts'
import { readLink } from '../signatures/link-token.ts'

/**
 * Which offer the link in a mail opens.
 *
 * @throws DomainError `invalid_link`
 */
export async function readTransferLink({ signer, now }: Deps, token: string): Promise<number> {
  const link = await readLink(signer, token, 'transfer', now())
  if (!link) throw new DomainError('invalid_link')
  return link.id
}
