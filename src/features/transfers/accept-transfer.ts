import type { Tx } from '../../db/database.ts'
import { inTransaction } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import type { Caller } from '../../lib/caller.ts'
import { DomainError } from '../../lib/errors.ts'
import { toTimestamp, type Timestamp } from '../../lib/time.ts'
import { record } from '../audit/record.ts'
import type { Event } from '../events/event.ts'
import { findEvent } from '../events/events.sql.ts'
import { putMail } from '../mail/put-mail.ts'
import { signLink } from '../signatures/link-token.ts'
import { linkUntil } from '../signatures/page-links.ts'
import { handOver } from '../tickets/hand-over.ts'
import { assertUnused } from '../tickets/holder-link.ts'
import { assertNamesOpen } from '../tickets/names-cutoff.ts'
import { findTicketLocked, type Ticket } from '../tickets/tickets.sql.ts'
import { readTransferLink } from './transfer-link.ts'
import { statusAt, type Transfer } from './transfer.ts'
import { findTransfer, findTransferLocked, updateTransferStatus, withdrawOpenTransfers } from './transfers.sql.ts'

const draws_max = 10

/** An offer that was accepted, and the token of the link to the ticket for its new holder: a bearer secret. */
export type Accepted = { transfer: Transfer; ticket_token: string }

/**
 * Accepts a ticket: it has another holder, another code and another version from this commit on. Whoever accepts the same
 * offer again, because the answer was lost, gets it again.
 *
 * @throws DomainError `invalid_link`, `transfer_not_found`, `transfer_closed`, `ticket_void`, `ticket_already_used`,
 *   `event_already_cancelled`, `names_closed`
 */
export async function acceptTransfer(
  deps: Deps,
  caller: Caller,
  { token, holder_name }: { token: string; holder_name: string },
): Promise<Accepted> {
  const id = await readTransferLink(deps, token)
  const at = toTimestamp(deps.now())
  const { transfer, event } = await withFreshCode(deps, (ticket_code) =>
    inTransaction(deps.database, async (tx) => {
      const before = await findTransfer(tx, id)
      if (!before) throw new DomainError('transfer_not_found')
      const ticket = await findTicketLocked(tx, deps.database.dialect, before.ticket_id)
      const event = ticket && (await findEvent(tx, ticket.event_id))
      if (!ticket || !event) throw new DomainError('transfer_not_found')
      const transfer = (await findTransferLocked(tx, deps.database.dialect, id))!
      if (transfer.status === 'accepted') return { transfer, event }

      assertAcceptable(transfer, ticket, event, at)
      const { email, language } = transfer
      await handOver(tx, ticket, { holder_name, holder_email: email, holder_language: language, ticket_code }, at)
      await updateTransferStatus(tx, id, 'accepted', at)
      await withdrawOpenTransfers(tx, ticket.id, at)
      await tellBoth(tx, transfer, ticket, at)
      await record(tx, caller, at, {
        action: 'ticket_handed_over',
        entity: 'ticket',
        entity_id: ticket.id,
        organizer_id: ticket.organizer_id,
        was: { version: ticket.version },
        became: { version: ticket.version + 1, transfer_id: id },
      })
      return { transfer: (await findTransfer(tx, id))!, event }
    }),
  )
  deps.wake()
  const { ticket_id, ticket_version } = transfer
  const link = { purpose: 'ticket', id: ticket_id, version: ticket_version + 1 } as const
  return { transfer, ticket_token: await signLink(deps.signer, link, linkUntil(event)) }
}

function assertAcceptable(transfer: Transfer, ticket: Ticket, event: Event, at: Timestamp): void {
  if (statusAt(transfer, at) !== 'offered' || transfer.ticket_version !== ticket.version) {
    throw new DomainError('transfer_closed')
  }
  assertUnused(ticket)
  if (event.cancelled_at) throw new DomainError('event_already_cancelled')
  // The event may have been moved since.
  assertNamesOpen(event, at)
}

async function tellBoth(tx: Tx, { id, email, language }: Transfer, ticket: Ticket, at: Timestamp): Promise<void> {
  const { id: ticket_id, booking_id, event_id, organizer_id, customer_id } = ticket
  const about = { organizer_id, event_id, booking_id, ticket_id, details: { transfer_id: id }, at }
  await putMail(
    tx,
    { kind: 'ticket_received', key: `ticket_received ${id}`, to: { email, language }, ...about },
    { kind: 'ticket_handed_over', key: `ticket_handed_over ${id}`, to: { user_id: customer_id }, ...about },
  )
}

/** The unique index has the last word on a code: who meets a clash draws again. */
async function withFreshCode<T>({ database, newCode }: Deps, work: (code: string) => Promise<T>): Promise<T> {
  for (let draw = 1; ; draw++) {
    try {
      return await work(newCode())
    } catch (error) {
      if (database.dialect.meaningOf(error) !== 'duplicate') throw error
      if (draw === draws_max) throw new DomainError('server_busy', undefined, { cause: error })
    }
  }
}
