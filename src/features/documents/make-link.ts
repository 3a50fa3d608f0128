import { inTransaction } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import type { Caller } from '../../lib/caller.ts'
import { DomainError } from '../../lib/errors.ts'
import { dateOf, toTimestamp, type Timestamp } from '../../lib/time.ts'
import { findEvent } from '../events/events.sql.ts'
import type { Keep } from '../idempotency/idempotency.ts'
import { signLink, type Link } from '../signatures/link-token.ts'
import { linkUntil, pageLink } from '../signatures/page-links.ts'
import { openBooking, openTicket } from './open-documents.ts'

/** The last moment that the API can name. */
const latest = new Date('9999-12-31T23:59:59Z')

/** What a link opens, and until when. It is kept instead of the link, which is a secret. */
export type LinkTerms = Readonly<{
  link: Link & { purpose: 'booking' | 'ticket' }
  expires_at: Timestamp
}>

/**
 * What a link to a booking's documents is to open, for who may see the booking.
 *
 * @throws DomainError `booking_not_found`
 */
export async function linkToBooking(
  deps: Deps,
  caller: Caller,
  id: number,
  keep?: Keep<LinkTerms>,
): Promise<LinkTerms> {
  const { event_id } = await openBooking(deps, { caller, token: undefined }, id)
  return termsOf(deps, event_id, { purpose: 'booking', id }, keep)
}

/**
 * What a link to a ticket's documents is to open, for who has them. It opens nothing once the ticket is handed over.
 *
 * @throws DomainError `ticket_not_found`, `forbidden` to the customer who handed it over, `ticket_void`
 */
export async function linkToTicket(deps: Deps, caller: Caller, id: number, keep?: Keep<LinkTerms>): Promise<LinkTerms> {
  const { event_id, version } = await openTicket(deps, { caller, token: undefined }, id)
  return termsOf(deps, event_id, { purpose: 'ticket', id, version }, keep)
}

async function termsOf(
  { database }: Deps,
  eventId: number,
  link: LinkTerms['link'],
  keep: Keep<LinkTerms> | undefined,
): Promise<LinkTerms> {
  return inTransaction(database, async (tx) => {
    const event = await findEvent(tx, eventId)
    if (!event) throw new DomainError('event_not_found')
    const terms = { link, expires_at: toTimestamp(linkUntil(event) < latest ? linkUntil(event) : latest) }
    await keep?.(tx, terms)
    return terms
  })
}

/** The link itself: whoever has it needs no account. */
export async function urlOf(deps: Deps, { link, expires_at }: LinkTerms): Promise<string> {
  return pageLink(deps, link.purpose, await signLink(deps.signer, link, dateOf(expires_at)))
}
