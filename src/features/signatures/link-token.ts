import type { Signer } from '../../lib/signer.ts'

/** What a link in a mail opens, without signing in. */
export const linkPurposes = [
  /** A booking with its tickets and its calendar entry; also to pay it. `id` is the booking's. */
  'booking',
  /** One ticket, for who it was handed to. `id` is the ticket's, `version` its version. */
  'ticket',
  /** To accept or decline a ticket. `id` is the transfer's. */
  'transfer',
  /** To confirm an address. `id` is the user's, `of` a hash of the address. */
  'email',
] as const
export type LinkPurpose = (typeof linkPurposes)[number]

export type Link = Readonly<{ purpose: LinkPurpose; id: number; version?: number; of?: string }>

/** The token of a link that holds until this moment. */
export function signLink(signer: Signer, { purpose, id, version, of }: Link, until: Date): Promise<string> {
  return signer.sign({ p: purpose, i: id, v: version, o: of, x: Math.floor(until.getTime() / 1_000) })
}

/** What a token opens; undefined if it is forged or expired, or opens something else than this. */
export async function readLink<Purpose extends LinkPurpose>(
  signer: Signer,
  token: string,
  purpose: Purpose,
  now: Date,
): Promise<(Link & { purpose: Purpose }) | undefined> {
  const { p, i, v, o, x } = (await signer.verify(token)) ?? {}
  if (p !== purpose || !Number.isSafeInteger(i) || !Number.isSafeInteger(x)) return undefined
  if ((x as number) * 1_000 <= now.getTime()) return undefined
  return {
    purpose,
    id: i as number,
    ...(typeof v === 'number' && { version: v }),
    ...(typeof o === 'string' && { of: o }),
  }
}
